"""Name what a session can owe. Each effect has an id, the same whenever it is asked for, and from when on it is due.

*Immediate* effects need no I/O: the shell performs them at once, between decide and append.
"""

from datetime import datetime
from typing import TypeAlias

import msgspec

from domain.budget.amounts import Amounts
from domain.content import Content
from domain.session.proof import Terms
from domain.session.state import Choice, ModelCall, Request


class AskModel(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a model."""

    id: str
    model: ModelCall
    not_before: datetime


class FindTools(msgspec.Struct, frozen=True, kw_only=True):
    """Find the tools that a question to a model shows, at most ``most`` for each agent (immediate)."""

    id: str
    call: str
    agents: tuple[str, ...]
    text: str
    most: int
    not_before: datetime


class RecallMemories(msgspec.Struct, frozen=True, kw_only=True):
    """Recall the memories that a question to a model shows; ``planning``: to a planner (immediate)."""

    id: str
    call: str
    text: str
    planning: bool
    not_before: datetime


class DescribeTool(msgspec.Struct, frozen=True, kw_only=True):
    """Look up more of a tool for an agent (immediate)."""

    id: str
    step: int
    call: str
    tool: str
    at: str
    not_before: datetime


class CheckArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Hold chosen arguments against their operation (immediate)."""

    id: str
    choice: Choice
    not_before: datetime


class JudgeCall(msgspec.Struct, frozen=True, kw_only=True):
    """Put a request before the policy (immediate)."""

    id: str
    agent: str
    choice: Choice
    request: Request
    not_before: datetime


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """Review a result by code (immediate)."""

    id: str
    step: int
    call: str
    tool: str
    output: Content
    criteria: str
    not_before: datetime
    mismatches: tuple[str, ...] = ()


class SendCall(msgspec.Struct, frozen=True, kw_only=True):
    """Claim the next attempt of a call, then send it.

    Where a human allowed it, or ``ordered`` it after it was given up, each attempt is claimed together with
    a new verdict: ``agent`` is who chose it, and ``approved`` are the terms of the approval.
    """

    id: str
    choice: Choice
    request: Request
    idempotency_key: str
    attempt: int
    deadline: datetime
    not_before: datetime
    agent: str = ""
    approved: Terms | None = None
    standing: str = ""
    ordered: bool = False


class LapseLease(msgspec.Struct, frozen=True, kw_only=True):
    """Record that an attempt's lease ended without an answer."""

    id: str
    call: str
    attempt: int
    not_before: datetime


class ExpireApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Record that nobody answered in time."""

    id: str
    approval: str
    not_before: datetime


class TakeAllotment(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the accounts for what a call needs beyond what is left of earlier allotments."""

    id: str
    call: str
    attempt: int
    needed: Amounts
    not_before: datetime


class ReturnAllotment(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the accounts what was spent, and give the rest back."""

    id: str
    not_before: datetime


class EndOverdue(msgspec.Struct, frozen=True, kw_only=True):
    """Record that the time for the whole session is over."""

    id: str
    not_before: datetime


Immediate: TypeAlias = FindTools | RecallMemories | DescribeTool | CheckArguments | JudgeCall | CheckResult
BudgetEffect: TypeAlias = TakeAllotment | ReturnAllotment | EndOverdue
Effect: TypeAlias = Immediate | AskModel | SendCall | LapseLease | ExpireApproval | BudgetEffect

IMMEDIATE = (FindTools, RecallMemories, DescribeTool, CheckArguments, JudgeCall, CheckResult)
