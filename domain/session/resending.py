"""Decide about dead letters: a human's replay sends the very same request again, and has an end of its own.

It succeeds and the letter is resolved, or the call is given up again and the letter is open as before. Neither changes
what the session came to: no step is revived, no status is taken back. Whether an earlier attempt had its effect may be
unknown; the human's order counts as the answer for one attempt, and only what is safe to repeat is repeated after it.
The order is carried out even where the limit of tool calls is used up; its attempts count, and are then not repeated.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.budget.limits import used_up
from domain.session.approving import BOUND_SINCE
from domain.session.calling import lost, next_try
from domain.session.events import (
    AllotmentRefused,
    BudgetShort,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallRetryScheduled,
    CallSucceeded,
    DeadLetterReplayed,
    DeadLetterResolved,
    LeaseLapsed,
    SessionConsequence,
    SessionFact,
    VerdictReached,
)
from domain.session.means import exceeded
from domain.session.proof import Demand, unmet
from domain.session.state import DeadLetter, Due, InFlight, Open, Replaying, Session


def replayed(state: Session, fact: SessionFact) -> DeadLetter | None:
    """Return the letter that a fact orders to replay, or about whose replay it tells."""
    match fact:
        case DeadLetterReplayed():
            letter = state.letter_of(fact.call)
            return letter if letter and isinstance(letter.stage, Open) else None
        case CallAttempted() | CallSucceeded() | CallFailed() | CallDeferred() | CallExpired() | LeaseLapsed():
            letter = state.letter_of(fact.call)
            return letter if letter and isinstance(letter.stage, Replaying) else None
        case BudgetShort() | AllotmentRefused() | VerdictReached():
            letter = state.letter_of(fact.call)
            return letter if letter and isinstance(letter.stage, Replaying) else None
        case _:
            return None


def on_fact(state: Session, letter: DeadLetter, fact: SessionFact, at: datetime) -> Sequence[SessionConsequence]:
    """Say what follows for the letter."""
    match fact, letter.stage:
        case VerdictReached(), Replaying(phase=Due()) as stage:
            return _on_verdict(state, letter, stage, fact)
        case DeadLetterReplayed(), _:
            return (_again(state, letter, fact, at),)
        case CallSucceeded(), _:  # whichever attempt it answers: it happened
            return (DeadLetterResolved(letter=letter.id, call=letter.choice.call),)
        case CallFailed(), Replaying(phase=InFlight(attempt=attempt)) as stage if attempt == fact.attempt:
            return _on_failure(state, letter, stage, fact, at)
        case LeaseLapsed(), Replaying(phase=InFlight(attempt=attempt)) as stage if attempt == fact.attempt:
            return _on_failure(state, letter, stage, lost(fact), at)
        case CallExpired(), Replaying(phase=Due(attempt=attempt)) as stage if attempt == fact.attempt:
            return _give_up(letter, stage, "its deadline passed before it could be sent")
        case CallDeferred(), Replaying(phase=Due(), deadline=deadline) as stage if fact.until > deadline:
            return _give_up(letter, stage, f"deferred beyond its deadline: {fact.reason}")
        case BudgetShort(), Replaying() as stage if exceeded(state, fact.needed):
            return _give_up(letter, stage, exceeded(state, fact.needed))
        case AllotmentRefused(retry_at=None), Replaying() as stage if state.ended:
            return _give_up(letter, stage, fact.reason)
        case _:
            return ()


def _again(state: Session, letter: DeadLetter, fact: DeadLetterReplayed, at: datetime) -> CallRetryScheduled:
    return CallRetryScheduled(
        call=letter.choice.call,
        attempt=letter.attempts + 1,
        not_before=at,
        reason=f"{fact.by} asked to send it again: {fact.reason}",
        deadline=at + timedelta(milliseconds=state.limits.call_timeout_ms),
        letter=letter.id,
    )


def _on_verdict(
    state: Session, letter: DeadLetter, stage: Replaying, fact: VerdictReached
) -> Sequence[SessionConsequence]:
    """Give up again what the rules deny, or what would be another request.

    The order meets rules that ask, unless these demand by now what whoever gave it does not meet.
    """
    if fact.decision == "deny":
        return _give_up(letter, stage, f"the policy denied {letter.choice.tool} after all: {fact.reason}")
    if fact.request_digest != letter.request.digest:
        return _give_up(letter, stage, "it would be another request than the one that was given up")
    failed = _unmet(state, letter, fact)
    if failed:
        return _give_up(letter, stage, f"a rule demands {' and '.join(failed)} by now, which the order does not meet")
    return ()


def _unmet(state: Session, letter: DeadLetter, fact: VerdictReached) -> Sequence[Demand]:
    """Return what rules demand that the order does not meet; sessions that began before hold nothing against it."""
    if state.behaviour < BOUND_SINCE:
        return ()
    order = letter.order
    return unmet(fact.demands, by=order.by, requester=state.user, reason=order.reason) if order else fact.demands


def _on_failure(
    state: Session, letter: DeadLetter, stage: Replaying, fact: CallFailed, at: datetime
) -> Sequence[SessionConsequence]:
    match fact.failure:
        case "rejected":
            return _give_up(letter, stage, f"{letter.choice.tool} refused: {fact.reason}")
        case "bad-answer":
            return _give_up(letter, stage, fact.reason)
        case "not-sent" | "rate-limited":
            return _retry(state, letter, stage, fact, at, doubtful=stage.doubtful)
        case "unanswered" | "server-error" if letter.request.repeatable:
            return _retry(state, letter, stage, fact, at, doubtful=letter.request.effect_class != "read")
        case "unanswered" | "server-error":
            return _give_up(letter, stage, f"{letter.choice.tool} may have happened: {fact.reason}")


def _retry(
    state: Session, letter: DeadLetter, stage: Replaying, fact: CallFailed, at: datetime, *, doubtful: bool
) -> Sequence[SessionConsequence]:
    exhausted = used_up(state.limits, state.spent, ("tool_calls",))
    if exhausted:
        return _give_up(letter, stage, f"{fact.reason}, and {exhausted}")
    due = next_try(state.limits, fact, at, stage.deadline, tries=fact.attempt - letter.attempts)
    if isinstance(due, str):
        return _give_up(letter, stage, due)
    again = CallRetryScheduled(
        call=fact.call,
        attempt=fact.attempt + 1,
        not_before=due,
        reason=fact.reason,
        doubtful=doubtful,
        letter=letter.id,
    )
    return (again,)


def _give_up(letter: DeadLetter, stage: Replaying, reason: str) -> Sequence[SessionConsequence]:
    earlier = "; an earlier attempt of this replay may have happened" if stage.doubtful else ""
    return (CallDeadLettered(call=letter.choice.call, reason=f"{reason}{earlier}"),)
