"""Show what a session or an account may spend, has spent and keeps for what is under way, line by line."""

from collections.abc import Callable

import msgspec

from domain.budget.accounts import Account
from domain.budget.amounts import KINDS, Kind
from domain.session.means import elapsed_ms, missing, reserved, spent
from domain.session.state import Session


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


class SessionBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Show what a session is charged by, who pays, and what it may still spend by its own limits.

    ``waits_for`` says what it lacks of what its ``accounts`` hand over, empty where it lacks nothing. Where nothing is
    ``metered`` a session's own calls and tokens are counted when they are answered, and nothing is reserved.
    """

    metered: bool
    prices: str
    currency: str
    accounts: tuple[str, ...]
    waits_for: str
    lines: tuple[Line, ...]


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
    )


def _lines(
    currency: str,
    spent_of: Callable[[Kind], int],
    reserved_of: Callable[[Kind], int],
    limit_of: Callable[[Kind], int | None],
) -> tuple[Line, ...]:
    lines = []
    for kind in KINDS:
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
