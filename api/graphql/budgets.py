"""Describe what sessions and accounts may spend, and the prices that they are charged by."""

from typing import Any

import strawberry
from strawberry import field

from api.graphql.context import Info
from api.graphql.scalars import Long
from commands.balances import account_shown, session_budget
from commands.budgets import list_accounts
from commands.prices import list_prices
from domain.errors import NotFound


@strawberry.type(description="One kind of thing that is used up.")
class BudgetLine:
    kind: str = field(description="steps, model_calls, tool_calls, tokens, money or wall_ms.")
    unit: str = field(description="What is counted: money in millionths of the currency.")
    spent: Long = field(description="What is used up.")
    reserved: Long = field(description="What is kept for what is under way.")
    limit: Long | None = field(description="The most that there may be; null where nothing limits it.")
    left: Long | None = field(description="What may still be used; null where nothing limits it.")


@strawberry.type(description="What an agent has used of what its own limits let it use in a session in all.")
class AgentBudget:
    agent: str = field(description="The agent's id.")
    lines: list[BudgetLine] = field(description="Kind by kind, those that are limited.")


@strawberry.type(description="What a session may still spend.")
class SessionBudget:
    metered: bool = field(description="Whether what is under way is reserved beforehand.")
    prices: str = field(description="The digest of the price list that it is charged by, empty for none.")
    currency: str = field(description="The currency of its prices, empty for none.")
    accounts: list[str] = field(description="The accounts that pay for it.")
    waits_for: str = field(description="What it lacks of what they hand over, empty for nothing.")
    lines: list[BudgetLine] = field(description="Kind by kind, by its own limits.")
    agents: list[AgentBudget] = field(description="The agents whose own use of it is limited.")


@strawberry.type(description="An account that pays for sessions.")
class Budget:
    account: str = field(description="`tenant`, or `user:` and a name.")
    period: str = field(description="total, month or day: when it begins anew.")
    since: str = field(description="The period that it is in, empty for total.")
    currency: str = field(description="The currency of its money, empty where none is limited.")
    sessions: int = field(description="How many sessions hold what is reserved.")
    lines: list[BudgetLine] = field(description="Kind by kind.")


@strawberry.type(description="A price list.")
class PriceList:
    name: str = field(description="Its name.")
    revisions: list[str] = field(description="The digests of its revisions, the newest last.")
    active: str = field(description="The revision in force, empty where that is another list's.")


async def budget_of(root: strawberry.Parent[Any], info: Info) -> Any:
    """Return a session's budget as the log has it."""
    state = (await info.context.services.shell.load(root.id)).state
    if state is None:
        raise NotFound(f"Expected a session that exists, but there is none with the id {root.id}.")
    return session_budget(state)


async def budgets(info: Info) -> list[Any]:
    """List accounts; raise Unavailable."""
    services = info.context.services
    found = await list_accounts(services.catalogue, services.shell, info.context.tenant)
    return [account_shown(each) for each in found]


async def prices(info: Info) -> list[Any]:
    """List price lists; raise Unavailable."""
    return list(await list_prices(info.context.services.catalogue, info.context.tenant))
