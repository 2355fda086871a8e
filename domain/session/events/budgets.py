"""Facts: what accounts handed over, and time."""

from datetime import datetime

import msgspec

from domain.budget.amounts import Amounts
from domain.session.events.shapes import Budget, Fact


class BudgetShort(Fact, frozen=True, kw_only=True, tag="session.budget-short.v1"):
    """An attempt was due that may cost more than is left: nothing was claimed and nothing sent.

    Where it is not the session that has too little left, but one agent of what it may use, ``agent`` names it.
    """

    call: str
    attempt: int
    needed: Amounts
    agent: str = ""


class AllotmentReceived(Fact, frozen=True, kw_only=True, tag="session.allotment-received.v1"):
    """The session's accounts handed over amounts to be spent, all of them in this very append."""

    allotment: str
    amounts: Amounts


class AllotmentRefused(Fact, frozen=True, kw_only=True, tag="session.allotment-refused.v1"):
    """An account has too little left for what is due; without ``retry_at`` the session is paused.

    It goes on when the account's next period begins, at ``reopens_at``, or when its limits are set anew.
    """

    call: str
    attempt: int
    account: str
    reason: str
    retry_at: datetime | None = None
    reopens_at: datetime | None = None


class AllotmentReturned(Fact, frozen=True, kw_only=True, tag="session.allotment-returned.v1"):
    """The session's accounts were told what was spent, and took the rest back."""

    spent: Amounts


class TimeRanOut(Fact, frozen=True, kw_only=True, tag="session.time-ran-out.v1"):
    """The time for the whole session was over."""


class UnderWay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that was claimed when nobody had to pay for it yet, and the most that its answer may cost."""

    call: str
    attempt: int
    amounts: Amounts
    until: datetime


class AccountsJoined(Fact, frozen=True, kw_only=True, tag="session.accounts-joined.v1"):
    """Limits were set that hold for the session too: from here on it is charged by ``budget``, for all that it spent.

    Nothing more is reserved before its accounts were asked; for what is ``under_way`` it is reserved now.
    """

    budget: Budget
    under_way: tuple[UnderWay, ...] = ()
