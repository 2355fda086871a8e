"""Show what a session or an account may spend, has spent and keeps for what is under way, line by line."""

from collections.abc import Callable, Iterable

import msgspec

from domain.budget.accounts import Account
from domain.budget.amounts import KINDS, Kind
from domain.session.events import PinnedAgent
from domain.session.means import elapsed_ms, missing, reserved, spent, uncounted_steps
from domain.session.state import Session
from domain.session.using import KINDS as AGENT_KINDS
from domain.session.using import reserved_by, settled_by


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Show one kind of thing that is used up; ``limit`` and ``left`` are None where nothing limits it."""

    kind: Kind
    unit: str
    spent: int
    reserved: int
    limit: int | None = None
    left: int | None = None


class AccountShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show an account in its present period: what it paid, and what ``sessions`` hold of it."""

    account: str
    period: str
    since: str
    currency: str
    sessions: int
    lines: tuple[Line, ...]


class AgentBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Show what one agent has used of what its own limits let it use in a session in all."""

    agent: str
    lines: tuple[Line, ...]


class SessionBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Show what a session is charged by, who pays, and what it may still spend by its own limits.

    ``waits_for`` says what it lacks of what its ``accounts`` hand over, empty where it lacks nothing. Where nothing is
    ``metered`` a session's own calls and tokens are counted when they are answered, and nothing is reserved.
    ``agents`` are those whose own use is limited.
    """

    metered: bool
    prices: str
    currency: str
    accounts: tuple[str, ...]
    waits_for: str
    lines: tuple[Line, ...]
    agents: tuple[AgentBudget, ...] = ()


def account_shown(account: Account) -> AccountShown:
    """Return an account as it is shown."""
    return AccountShown(
        account=account.name,
        period=account.period,
        since=account.since,
        currency=account.currency,
        sessions=len(account.held),
        lines=_lines(account.currency, account.spent.of, account.reserved.of, account.limits.of),
    )


def session_budget(state: Session) -> SessionBudget:
    """Return a session's budget as it is shown."""
    kept, paid, charged = reserved(state), spent(state), state.charged
    if state.meter is None:
        paid = msgspec.structs.replace(paid, steps=uncounted_steps(state))

    def spent_of(kind: Kind) -> int:
        return elapsed_ms(state) if kind == "wall_ms" else paid.of(kind)

    def limit_of(kind: Kind) -> int | None:
        limit: int | None = getattr(state.limits, kind)
        return limit

    wanted = state.meter.wanted if state.meter else None
    lacking = missing(state, wanted.needed) if wanted else None
    return SessionBudget(
        metered=state.meter is not None,
        prices=charged.prices,
        currency=charged.currency,
        accounts=charged.accounts,
        waits_for=", ".join(kind for kind in KINDS if lacking and lacking.of(kind)),
        lines=_lines(charged.currency, spent_of, kept.of, limit_of),
        agents=tuple(_agent(state, each) for each in state.agents if each.limits and each.limits.allowance),
    )


def _agent(state: Session, agent: PinnedAgent) -> AgentBudget:
    def limit_of(kind: Kind) -> int | None:
        limit: int | None = getattr(agent.limits, kind)
        return limit

    limited = [kind for kind in AGENT_KINDS if limit_of(kind) is not None]
    settled, held = settled_by(state, agent.id), reserved_by(state, agent.id)
    return AgentBudget(agent=agent.id, lines=_lines("", settled.of, held.of, limit_of, limited))


def _lines(
    currency: str,
    spent_of: Callable[[Kind], int],
    reserved_of: Callable[[Kind], int],
    limit_of: Callable[[Kind], int | None],
    kinds: Iterable[Kind] = KINDS,
) -> tuple[Line, ...]:
    lines = []
    for kind in kinds:
        limit, taken = limit_of(kind), spent_of(kind) + reserved_of(kind)
        lines.append(
            Line(
                kind=kind,
                unit=_unit(kind, currency),
                spent=spent_of(kind),
                reserved=reserved_of(kind),
                limit=limit,
                left=None if limit is None else max(limit - taken, 0),
            )
        )
    return tuple(lines)


def _unit(kind: Kind, currency: str) -> str:
    match kind:
        case "money":
            return f"millionths of {currency or 'the currency'}"
        case "wall_ms":
            return "milliseconds"
        case _:
            return kind.replace("_", " ")
