"""Consequences: what is reserved and paid."""

from datetime import datetime

from domain.budget.amounts import Amounts
from domain.session.events.shapes import Consequence


class BudgetSpent(Consequence, frozen=True, kw_only=True, tag="session.budget-spent.v1"):
    """Part of the session's limits was used up; ``call`` names the attempt whose reservation this settles."""

    model_calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    steps: int = 0
    money: int = 0
    call: str = ""
    attempt: int = 0


class BudgetReserved(Consequence, frozen=True, kw_only=True, tag="session.budget-reserved.v1"):
    """Part of the session's limits is kept for an attempt, until it is answered or its lease lapses."""

    call: str
    attempt: int
    amounts: Amounts
    until: datetime


class BudgetReleased(Consequence, frozen=True, kw_only=True, tag="session.budget-released.v1"):
    """What was kept for an attempt is free again, for nothing was spent."""

    call: str
    attempt: int
