"""Show sessions: one row a run, with what it spent and whether it waits for people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.envelope import Event
from domain.session.events import (
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
from projections.ports import Recorded
from projections.rows import ReadModel, Row

MOST_TOKENS = 10**12
"""Bounds what one reply counts for, so that no claim of a model's server overflows the column."""


class SessionRow(Row, frozen=True, kw_only=True):
    """Be a session; ``asked`` and ``answered`` are calls about which a human is asked, or no longer."""

    NAME: ClassVar = "sessions"
    KEY: ClassVar = ("id",)
    SUMMED: ClassVar = frozenset(
        ("steps", "open_steps", "accepted", "reworks", "calls", "model_calls", "tool_calls", "tokens")
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
                "stage": "queued",
                "paused": False,
                "created_at": event.at,
            }
        case PlanProposed(steps=steps):
            return {"stage": "running", "steps": len(steps)}
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
        case BudgetSpent(model_calls=model_calls, tool_calls=tool_calls, tokens=tokens):
            return {"model_calls": model_calls, "tool_calls": tool_calls, "tokens": min(tokens, MOST_TOKENS)}
        case ApprovalRequested(call=call):
            return {"asked": [f"{row.stream}-{call}"]}
        case ApprovalGranted(approval=approval) | ApprovalDenied(approval=approval):
            return {"answered": [approval]}
        case ApprovalExpired(approval=approval):
            return {"answered": [approval]}
        case OutcomeReported(call=call) | CallSucceeded(call=call) | CallWithdrawn(call=call):
            return {"answered": [f"{row.stream}-{call}"]}
        case SessionPaused():
            return {"paused": True}
        case SessionResumed():
            return {"paused": False}
        case SessionCompleted(answer=answer):
            return {"stage": "completed", "answer": answer, "finished_at": event.at}
        case SessionFailed(reason=reason):
            return {"stage": "failed", "reason": reason, "finished_at": event.at}
        case SessionCancelled(reason=reason):
            return {"stage": "cancelled", "reason": reason, "finished_at": event.at}
        case _:
            return {}


MODEL = ReadModel(name="sessions", version=1, tables=("sessions",), writes=(SessionRow,), changes=changes)
