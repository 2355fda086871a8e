"""Show sessions: one row a run, with what it spent and whether it waits for people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.budget.amounts import MOST
from domain.envelope import Event
from domain.reviewing.findings import notes
from domain.session.events import (
    AllotmentRefused,
    AnswerChecked,
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    BudgetSpent,
    CallRequested,
    CallSucceeded,
    CallWithdrawn,
    GoalSubmitted,
    ModelRetryScheduled,
    OutcomeReported,
    PlanProposed,
    PlanRevised,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepAccepted,
    StepFailed,
    StepStarted,
)
from domain.upcasting import AnyEvent
from projections.names import action_id, action_of, tools_in
from projections.ports import Recorded
from projections.rows import ReadModel, Row

MOST_TOKENS = 10**12
"""Bounds what one reply counts for, so that no claim of a model's server overflows the column."""


class SessionRow(Row, frozen=True, kw_only=True):
    """Be a session; ``asked`` and ``answered`` are calls about which a human is asked, or no longer.

    ``untrusted`` are the tools that its answer draws on, where others may have written into one of them; ``unproven``
    is what code found in that answer and nothing speaks for.
    """

    NAME: ClassVar = "sessions"
    KEY: ClassVar = ("id",)
    SUMMED: ClassVar = frozenset(
        ("steps", "open_steps", "accepted", "reworks", "calls", "model_calls", "tool_calls", "tokens", "money")
    )

    id: UUID
    updated_at: datetime
    version: int
    position: int
    tenant: str | None = None
    user_id: str | None = None
    goal: str | None = None
    lane: str | None = None
    model: str | None = None
    currency: str | None = None
    stage: str | None = None
    paused: bool | None = None
    answer: str | None = None
    reason: str | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None
    steps: int = 0
    open_steps: int = 0
    accepted: int = 0
    reworks: int = 0
    calls: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    money: int = 0
    untrusted: list[str] | None = None
    unproven: list[str] | None = None
    asked: list[str] = msgspec.field(default_factory=list)
    answered: list[str] = msgspec.field(default_factory=list)

    def then(self, later: Self) -> Self:
        """Return this change and a later one as one; who was asked and then answered is asked no more."""
        one = super().then(later)
        asked = _latest([call for call in self.asked if call not in later.answered] + later.asked)
        answered = _latest([call for call in self.answered if call not in later.asked] + later.answered)
        return replace(one, asked=asked, answered=answered)


def _latest(calls: list[str]) -> list[str]:
    """Return each call once, where it stands last."""
    return list(dict.fromkeys(reversed(calls)))[::-1]


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[SessionRow]:
    """Return what an event changes about its session."""
    if not row.topic.startswith("session."):
        return
    yield SessionRow(
        id=row.stream, updated_at=event.at, version=row.version, position=row.position, **_columns(event, row)
    )


def _columns(event: Event[AnyEvent], row: Recorded) -> dict[str, Any]:
    match event.data:
        case GoalSubmitted() as data:
            return {
                "tenant": row.tenant,
                "user_id": data.user,
                "goal": data.goal,
                "lane": event.lane,
                "model": data.model,
                "currency": data.budget.currency if data.budget else "",
                "stage": "queued",
                "paused": False,
                "created_at": event.at,
            }
        case PlanProposed(steps=steps):
            return {"stage": "running", "steps": len(steps)}
        case PlanRevised(steps=steps, first=first):
            return {"steps": first - 1 + len(steps)}
        case ModelRetryScheduled():
            return {"stage": "running"}
        case StepStarted():
            return {"open_steps": 1}
        case StepAccepted():
            return {"open_steps": -1, "accepted": 1}
        case StepFailed():
            return {"open_steps": -1}
        case ReworkRequested():
            return {"reworks": 1}
        case CallRequested():
            return {"calls": 1}
        case BudgetSpent(model_calls=model_calls, tool_calls=tool_calls, tokens=tokens, money=money):
            return {
                "model_calls": model_calls,
                "tool_calls": tool_calls,
                "tokens": min(tokens, MOST_TOKENS),
                "money": min(money, MOST),
            }
        case ApprovalRequested() as data:
            return _asked(data, action_id(row.stream, data.call))
        case ApprovalGranted(approval=approval) | ApprovalDenied(approval=approval):
            return {"answered": [action_of(approval)]}
        case ApprovalExpired(approval=approval):
            return {"answered": [action_of(approval)]}
        case OutcomeReported(call=call) | CallSucceeded(call=call) | CallWithdrawn(call=call):
            return {"answered": [f"{row.stream}-{call}"]}
        case SessionPaused() | AllotmentRefused(retry_at=None):
            return {"paused": True}
        case SessionResumed():
            return {"paused": False}
        case SessionCompleted(answer=answer, label=label):
            drawn_on = {"untrusted": tools_in(label)} if label and not label.trusted else {}
            return {"stage": "completed", "answer": answer, "finished_at": event.at, **drawn_on}
        case AnswerChecked(problems=(), findings=findings):
            return {"unproven": list(notes(findings))}
        case SessionFailed(reason=reason):
            return {"stage": "failed", "reason": reason, "finished_at": event.at}
        case SessionCancelled(reason=reason):
            return {"stage": "cancelled", "reason": reason, "finished_at": event.at}
        case _:
            return {}


def _asked(data: ApprovalRequested, action: str) -> dict[str, Any]:
    """Count a call that was requested already and is asked about anew once."""
    again = data.supersedes != "" and action_of(data.supersedes) == action
    return {"asked": [action], "calls": -1 if again else 0}


MODEL = ReadModel(name="sessions", version=4, tables=("sessions",), writes=(SessionRow,), changes=changes)
