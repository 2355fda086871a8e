"""Say what judging cost, by the price list that is in force."""

from collections.abc import Mapping
from typing import Any

from commands.shell import Shell
from domain.budget.prices import MILLION, cost_of
from ops.evaluation.suite import Figures


async def judge_cost(shell: Shell, tenant: str, figures: Mapping[str, Any]) -> Figures:
    """Return what the judge of a run cost, in units of the list's currency; nothing where no list prices it."""
    active = (await shell.catalogs.current(tenant)).prices.digest
    if not active or not figures.get("judge"):
        return {}
    prices = await shell.price_list(tenant, active)
    price, outcomes = prices.of_model(figures["judge"]), figures["outcomes"]
    if price is None:
        return {}
    tokens, tokens_in = sum(each.judge_tokens for each in outcomes), sum(each.judge_tokens_in for each in outcomes)
    cost = cost_of(price, tokens_in, tokens - tokens_in) / MILLION
    return {"judge_cost": cost, "judge_currency": prices.currency}
