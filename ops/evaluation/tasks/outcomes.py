"""Tell from a session's events what became of a case, just now or long after it was recorded."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.encoding import plain
from domain.session.events import (
    ApprovalRequested,
    CallSucceeded,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    ToolChosen,
    VerdictReached,
)
from ops.evaluation.tasks import grading
from ops.evaluation.tasks.dataset import Case
from ops.evaluation.tasks.grading import Done, Outcome


def outcome_of(
    case: Case,
    session: str,
    events: Sequence[SessionEvent],
    misfits: Callable[[Any, Any], Sequence[str]],
    found: Mapping[str, Any] | None = None,
) -> Outcome:
    """Grade a session by its events; ``found`` is what the API returned afterwards, None where nobody can ask it."""
    calls, (status, answer) = _calls(events), _end(events)
    grades = {
        **({"exact": grading.exact(case, calls), "path": grading.path(case, calls)} if case.calls else {}),
        **({"state": grading.state(case, found)} if case.state and found is not None else {}),
        **({"answer": not misfits(case.answer, _value(answer))} if case.answer else {}),
    }
    return Outcome(
        case=case.id,
        session=session,
        status=status,
        answer=answer,
        calls=calls,
        grades=grades,
        expected=case.calls,
        approvals=sum(isinstance(event, ApprovalRequested) for event in events),
    )


def _end(events: Sequence[SessionEvent]) -> tuple[str, str]:
    for event in reversed(events):
        match event:
            case SessionCompleted(answer=answer):
                return "completed", answer
            case SessionFailed(reason=reason):
                return "failed", reason
            case SessionCancelled(reason=reason):
                return "cancelled", reason
            case _:
                pass
    return "waiting", ""


def _value(answer: str) -> Any:
    """Return what an answer says as JSON, or as a text where it is none."""
    try:
        return json.loads(answer)
    except ValueError:
        return answer


def _calls(events: Sequence[SessionEvent]) -> tuple[Done, ...]:
    """Return the calls of a session in the order in which they were chosen."""
    decisions = {event.call: event.decision for event in events if isinstance(event, VerdictReached)}
    sent = {event.call for event in events if isinstance(event, CallSucceeded)}
    return tuple(
        Done(
            tool=event.tool,
            arguments=plain(event.arguments.value),
            decision=decisions.get(event.call, ""),
            sent=event.call in sent,
        )
        for event in events
        if isinstance(event, ToolChosen)
    )
