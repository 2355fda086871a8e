"""Do the arithmetic on a session's own limits."""

from collections.abc import Collection

from domain.session.events import BudgetSpent, Limits


def add(spent: BudgetSpent, more: BudgetSpent) -> BudgetSpent:
    """Add what was spent."""
    return BudgetSpent(
        model_calls=spent.model_calls + more.model_calls,
        tool_calls=spent.tool_calls + more.tool_calls,
        tokens=spent.tokens + more.tokens,
        steps=spent.steps + more.steps,
        money=spent.money + more.money,
    )


def used_up(limits: Limits, spent: BudgetSpent, needed: Collection[str]) -> str:
    """Say which of the needed limits leaves nothing for another call, or an empty string."""
    name = first_used_up(limits, spent, needed)
    return f"the limit of {getattr(limits, name)} {name.replace('_', ' ')} is used up" if name else ""


def first_used_up(limits: Limits, spent: BudgetSpent, needed: Collection[str]) -> str:
    """Name the first of the needed limits that leaves nothing for another call, or return an empty string."""
    names = (name for name in ("model_calls", "tool_calls", "tokens") if name in needed)
    return next((name for name in names if getattr(spent, name) >= getattr(limits, name)), "")
