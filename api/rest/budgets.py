"""Set what tenants and users may spend, and show what they and a session have spent."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Request, Response, get, put
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.rest.found import find_session
from api.rest.prices import Money
from api.services import Given
from api.writes import Writing
from commands.balances import AccountShown, AgentBudget, SessionBudget, account_shown, session_budget
from commands.budgets import list_accounts, set_limits, show_account
from domain.budget.amounts import MOST, Ceilings
from domain.budget.prices import money

EXAMPLE = {"limits": {"money": "25.00"}, "currency": "EUR", "period": "month", "reason": "the spring budget"}
Amount: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST)]


class CeilingsInput(Input, frozen=True, kw_only=True):
    """Limit what sessions use up together; what is left out is not limited, ``wallMs`` sums their times up."""

    steps: Amount | None = None
    model_calls: Amount | None = None
    tool_calls: Amount | None = None
    tokens: Amount | None = None
    money: Money | None = None
    wall_ms: Amount | None = None


class BudgetInput(Input, frozen=True, kw_only=True):
    """Give an account limits in place of those it had, for each period or in total; no limits lift them all."""

    reason: str
    limits: CeilingsInput = CeilingsInput()
    currency: str = ""
    period: Literal["total", "month", "day"] = "total"


class LineShown(Output, frozen=True, kw_only=True):
    """Show one kind of thing that is used up, counted in ``unit``; no limit where nothing limits it."""

    kind: str
    unit: str
    spent: int
    reserved: int
    limit: int | None
    left: int | None


class AgentBudgetShown(Output, frozen=True, kw_only=True):
    """Show what one agent has used of what its own limits let it use in a session in all."""

    agent: str
    lines: tuple[LineShown, ...]


class BudgetShown(Output, frozen=True, kw_only=True):
    """Show an account in its present period: what it paid, and what ``sessions`` hold of it."""

    account: str
    period: str
    since: str
    currency: str
    sessions: int
    lines: tuple[LineShown, ...]


class BudgetWritten(BudgetShown, frozen=True, kw_only=True):
    """Show an account after its limits were set."""

    version: int
    position: str


class BudgetList(Output, frozen=True, kw_only=True):
    """List all accounts that were given limits."""

    budgets: tuple[BudgetShown, ...]


class SessionBudgetShown(Output, frozen=True, kw_only=True):
    """Show what a session may still spend by its own limits, and what it waits for its accounts to hand over."""

    metered: bool
    prices: str
    currency: str
    accounts: tuple[str, ...]
    waits_for: str
    lines: tuple[LineShown, ...]
    agents: tuple[AgentBudgetShown, ...]


@put("/budgets/{account:str}", opt={"body": BudgetInput, "example": EXAMPLE}, tags=["budgets"])
async def set_budget(
    request: Request[Any, Any, Any], services: Given, write: Writing, account: FromPath[str]
) -> Response[BudgetWritten]:
    """Limit what an account, ``tenant`` or ``user:NAME``, pays; a limit below what it paid is refused."""
    body = await body_of(request, BudgetInput)
    context = await write.context("administer")
    limits = msgspec.structs.asdict(body.limits)
    if body.limits.money is not None:
        limits["money"] = money(body.limits.money, MOST)
    done = await set_limits(
        services.catalogue,
        services.shell,
        account=account,
        limits=Ceilings(**limits),
        period=body.period,
        currency=body.currency,
        reason=body.reason,
        context=context,
    )
    shown = account_shown(done.account)
    position = outside(await services.shell.store.log_id(), done.position)
    written = view(BudgetWritten, shown, lines=_lines(shown), version=done.version, position=position)
    return answer(written, etag=done.version)


@get("/budgets", tags=["budgets"])
async def list_all(services: Given, read: Reading) -> Response[BudgetList]:
    """List all accounts that were given limits, with what they have paid."""
    found = await list_accounts(services.catalogue, services.shell, read.tenant)
    return answer(BudgetList(budgets=tuple(_shown(account_shown(each)) for each in found)))


@get("/budgets/{account:str}", tags=["budgets"])
async def show(services: Given, read: Reading, account: FromPath[str]) -> Response[BudgetShown]:
    """Show an account as it stands now."""
    found = await show_account(services.catalogue, services.shell, read.tenant, account)
    return answer(_shown(account_shown(found.account)), etag=found.version)


@get("/sessions/{session_id:str}/budget", tags=["budgets"], summary="Show a session's budget")
async def show_session_budget(
    services: Given, read: Reading, session_id: FromPath[str]
) -> Response[SessionBudgetShown]:
    """Show what a session has spent, what is reserved for what is under way, and what its own limits leave."""
    _, loaded, state = await find_session(services, read.tenant, session_id)
    found = session_budget(state)
    agents = tuple(AgentBudgetShown(agent=each.agent, lines=_lines(each)) for each in found.agents)
    return answer(view(SessionBudgetShown, found, lines=_lines(found), agents=agents), etag=loaded.version)


def _shown(found: AccountShown) -> BudgetShown:
    return view(BudgetShown, found, lines=_lines(found))


def _lines(found: AccountShown | AgentBudget | SessionBudget) -> tuple[LineShown, ...]:
    return tuple(view(LineShown, each) for each in found.lines)
