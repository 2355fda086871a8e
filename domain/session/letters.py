"""Keep dead letters in the state: calls that were given up, and what becomes of them when people decide.

Total like ``evolve``: an event that does not fit a letter leaves it as it is.
"""

from datetime import timedelta
from typing import TypeAlias

from msgspec.structs import replace

from domain.session.approving import BOUND_SINCE
from domain.session.events import (
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallRetryScheduled,
    CallSucceeded,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    DeadLetterResolved,
    SessionEvent,
)
from domain.session.state import (
    Calling,
    DeadLetter,
    Discarded,
    Due,
    InFlight,
    Open,
    Order,
    Replaying,
    Resolved,
    Session,
    Step,
)

LetterEvent: TypeAlias = (
    CallAttempted
    | CallDeferred
    | CallRetryScheduled
    | CallSucceeded
    | CallDeadLettered
    | DeadLetterReplayed
    | DeadLetterResolved
    | DeadLetterDiscarded
)


def kept(state: Session, step: Step, reason: str) -> Session:
    """Return the session with the call that a step waits for as a new dead letter."""
    if not isinstance(step.stage, Calling):
        return state
    calling = step.stage
    letter = DeadLetter(
        id=f"{state.id}-{calling.choice.call}",
        step=step.number,
        choice=calling.choice,
        request=calling.request,
        idempotency_key=calling.idempotency_key,
        attempts=calling.phase.attempt - isinstance(calling.phase, Due),
        reason=reason,
    )
    return replace(state, letters=(*state.letters, letter))


def after(state: Session, event: SessionEvent) -> Session | None:
    """Return the session after an event about a call that was given up before, or None for any other event."""
    if not isinstance(event, LetterEvent):
        return None
    letter = state.letter_of(event.call)
    if letter is None or (isinstance(event, CallSucceeded) and not isinstance(letter.stage, Replaying)):
        return None  # a late answer to an open letter is counted as one
    if isinstance(event, DeadLetterReplayed) and state.behaviour < BOUND_SINCE:
        return state  # sessions that began before hold nothing against an order
    changed = _after(letter, event)
    return replace(state, letters=tuple(changed if other is letter else other for other in state.letters))


def _after(letter: DeadLetter, event: LetterEvent) -> DeadLetter:
    match event, letter.stage:
        case DeadLetterReplayed(), Open():
            return replace(letter, order=Order(by=event.by, reason=event.reason))
        case CallRetryScheduled(), stage:
            return _scheduled(letter, stage, event)
        case CallAttempted(), Replaying(phase=Due(attempt=due)) as stage if due == event.attempt:
            flight = InFlight(attempt=event.attempt, worker=event.worker, lease_until=event.lease_until)
            return replace(letter, stage=replace(stage, phase=flight))
        case CallDeferred(), Replaying(phase=Due() as due) as stage:
            return replace(letter, stage=replace(stage, phase=replace(due, not_before=event.until)))
        case CallDeadLettered(), Replaying(phase=phase):
            made = phase.attempt - isinstance(phase, Due)
            return replace(letter, stage=Open(), reason=event.reason, attempts=made)
        case DeadLetterResolved(), Replaying(phase=phase):
            return replace(letter, stage=Resolved(), attempts=phase.attempt - isinstance(phase, Due))
        case DeadLetterDiscarded(), Open():
            return replace(letter, stage=Discarded())
        case _:
            return letter  # its success says nothing by itself: the consequence does


def _scheduled(
    letter: DeadLetter, stage: Open | Replaying | Resolved | Discarded, event: CallRetryScheduled
) -> DeadLetter:
    """Send a letter's call again: by the human's order, who sets a deadline, or after a failed attempt."""
    deadline = event.deadline or (stage.deadline if isinstance(stage, Replaying) else None)
    if deadline is None:
        return letter
    due = Due(attempt=event.attempt, not_before=event.not_before)
    return replace(letter, stage=Replaying(deadline=deadline, phase=due, doubtful=event.doubtful))


def postponed(state: Session, pause: timedelta) -> Session:
    """Give calls that are sent again the time back that a pause took."""
    return replace(state, letters=tuple(_postponed(letter, pause) for letter in state.letters))


def _postponed(letter: DeadLetter, pause: timedelta) -> DeadLetter:
    if not isinstance(letter.stage, Replaying):
        return letter
    return replace(letter, stage=replace(letter.stage, deadline=letter.stage.deadline + pause))
