"""Do the arithmetic on a session's own limits."""

from collections.abc import Collection

from domain.session.events import BudgetSpent, Limits


def add(spent: BudgetSpent, more: BudgetSpent) -> BudgetSpent:
    """Add what was spent."""
    return BudgetSpent(
        model_calls=spent.model_calls + more.model_calls,
        tool_calls=spent.tool_calls + more.tool_calls,
        tokens=spent.tokens + more.tokens,
    )


def used_up(limits: Limits, spent: BudgetSpent, needed: Collection[str]) -> str:
    """Return which of the needed limits leaves nothing for another call, or an empty string."""
    for name in ("model_calls", "tool_calls", "tokens"):
        if name in needed and getattr(spent, name) >= getattr(limits, name):
            return f"the limit of {getattr(limits, name)} {name.replace('_', ' ')} is used up"
    return ""
