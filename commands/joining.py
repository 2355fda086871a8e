"""Find out whether limits hold for a session that were set since it began, and whether it can be held to them.

The catalogue may be a moment old: a limit holds for every session a second after it was set at the latest, and in the
process that set it at once.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from commands.costs import model_bound
from commands.shell import Shell
from domain.budget.accounts import TENANT, Account, user_account
from domain.budget.amounts import KINDS, Kind
from domain.budget.events import AccountLimited
from domain.catalog.state import Catalog
from domain.session.effects import LapseLease
from domain.session.events import AccountsJoined, Budget, UnderWay
from domain.session.outstanding import outstanding
from domain.session.planning import pending_model_call
from domain.session.prompt import prompt
from domain.session.state import Session


def paying_for(catalog: Catalog, user: str) -> list[AccountLimited]:
    """Return the accounts with limits that pay for what a user's sessions do."""
    known = catalog.accounts
    return [known[name] for name in (TENANT, user_account(user)) if name in known and known[name].limits.kinds]


def limited_kinds(paying: Sequence[AccountLimited]) -> tuple[Kind, ...]:
    """Return what accounts limit."""
    return tuple(kind for kind in KINDS if any(kind in each.limits.kinds for each in paying))


async def joined(shell: Shell, state: Session) -> AccountsJoined | None:
    """Return what has to be recorded before a session spends more, None where nothing new limits it."""
    catalog = await shell.catalogs.recent(state.tenant)
    if not catalog.accounts:
        return None
    budget = _charged_now(state, catalog)
    if budget == state.charged:
        return None
    return AccountsJoined(budget=budget, under_way=await _under_way(shell, replace(state, budget=budget), state))


def _charged_now(state: Session, catalog: Catalog) -> Budget:
    """Return by what a session is charged, and who pays, once all joined that have to."""
    charged, paying = state.charged, paying_for(catalog, state.user)
    limited = (*charged.kinds, *limited_kinds(paying))
    kinds = tuple(kind for kind in KINDS if kind in limited)
    accounts = tuple(dict.fromkeys((*charged.accounts, *(each.account for each in paying))))
    joined = replace(charged, accounts=accounts, kinds=kinds)
    if charged.prices or "money" not in kinds:
        return joined
    return replace(joined, prices=catalog.prices.digest, currency=catalog.prices.currency)


async def _under_way(shell: Shell, charged: Session, state: Session) -> tuple[UnderWay, ...]:
    """Return the questions that nothing was reserved for when they were claimed, at the most that they may cost."""
    if state.meter:
        return ()
    found = []
    for effect in outstanding(state):
        model = pending_model_call(state, effect.call)[0] if isinstance(effect, LapseLease) else None
        if isinstance(effect, LapseLease) and model and model.attempt == effect.attempt:
            catalog = await shell.snapshot(state.tenant, state.catalog_of(model))
            amounts = await model_bound(shell, charged, model.agent, prompt(state, model, catalog))
            until = effect.not_before
            found.append(UnderWay(call=effect.call, attempt=effect.attempt, amounts=amounts, until=until))
    return tuple(found)


async def unpriced(shell: Shell, state: Session, accounts: Sequence[Account]) -> str:
    """Say why a session cannot be held to the money of its accounts, an empty string where it can."""
    currencies = {each.currency for each in accounts if each.limits.money is not None}
    if not currencies:
        return ""
    charged = state.charged
    if not charged.prices:
        return "money is limited, but no price list is in force: activate one, then let the session go on"
    if others := ", ".join(sorted(currencies - {charged.currency})):
        return f"the session is charged in {charged.currency}, but money is limited in {others}: start another"
    prices = await shell.price_list(state.tenant, charged.prices)
    models = dict.fromkeys((state.model, *(state.model_of(each.id) for each in state.agents)))
    missing = [model for model in models if prices.of_model(model) is None]
    if missing:
        return f"money is limited, but the prices that the session is charged by have none for the model {missing[0]}"
    return ""
