"""Decide about the end: no call that may have happened is forgotten with its session.

What is in flight when a session fails or is cancelled is named there, and stays owed until it is answered or its lease
lapses. Its answer, and every outcome that nobody will ask about again, goes to people as a dead letter.
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from domain.session.events import (
    CallDeadLettered,
    CallFailed,
    CallSucceeded,
    LeaseLapsed,
    SessionCancelled,
    SessionConsequence,
    SessionFact,
    SessionFailed,
    StepFailed,
)
from domain.session.state import Calling, Due, InFlight, Session

MAY_HAVE_HAPPENED = "it may have happened, and the session ended before anybody said so"


def wind_up(state: Session, drawn: Sequence[SessionConsequence]) -> Sequence[SessionConsequence]:
    """Complete an end that was decided: name the calls in flight, and give the unsettled ones to people."""
    end = drawn[-1] if drawn else None
    if not isinstance(end, SessionFailed | SessionCancelled):
        return drawn
    settled = {consequence.call for consequence in drawn if isinstance(consequence, CallDeadLettered)}
    failed = {consequence.step for consequence in drawn if isinstance(consequence, StepFailed)}
    left = [call for call in _calls(state, failed) if call.choice.call not in settled]
    letters = [
        CallDeadLettered(call=call.choice.call, reason=MAY_HAVE_HAPPENED) for call in left if _is_unsettled(call)
    ]
    return (*drawn[:-1], *letters, replace(end, in_flight=_in_flight(left)))


def _calls(state: Session, failed: Collection[int]) -> list[Calling]:
    stages = (step.stage for step in state.open_steps if step.number not in failed)
    return [stage for stage in stages if isinstance(stage, Calling)]


def _in_flight(calls: Sequence[Calling]) -> tuple[str, ...]:
    return tuple(call.choice.call for call in calls if isinstance(call.phase, InFlight))


def _is_unsettled(call: Calling) -> bool:
    """Tell whether an earlier attempt may have had its effect, and none is under way."""
    match call.phase:
        case InFlight():
            return False
        case Due():
            return call.doubtful
        case _:
            return True


def on_late_answer(state: Session, fact: SessionFact) -> Sequence[SessionConsequence]:
    """Give people the answer to a call that was in flight when its session ended."""
    match fact:
        case CallSucceeded():
            return _letter(state, fact.call, fact.attempt, "it happened after the session had ended")
        case CallFailed(failure="unanswered" | "server-error") | LeaseLapsed():
            return _letter(state, fact.call, fact.attempt, MAY_HAVE_HAPPENED)
        case CallFailed():
            return _letter(state, fact.call, fact.attempt, f"it failed after the session had ended: {fact.reason}")
        case _:
            return ()


def _letter(state: Session, call: str, attempt: int, reason: str) -> Sequence[SessionConsequence]:
    step = state.step_awaiting(call)
    match step.stage if step else None:
        case Calling(phase=InFlight(attempt=current)) if current == attempt:
            return (CallDeadLettered(call=call, reason=reason),)
        case _:
            return ()
