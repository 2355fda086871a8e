"""Decide what follows from a fact: a list of cases, one rule each, replayed word for word by every audit.

``decide`` sees the state *after* the fact, the fact, and the time it happened; nothing else. A fact that the state no
longer waits for (a late answer, a repeat) leads to nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from domain.budget import add, used_up
from domain.session import calling, ending, migrating, planning, resending, reviewing
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ArgumentsChecked,
    BudgetSpent,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CancelRequested,
    CatalogMigrated,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    GoalSubmitted,
    LeaseLapsed,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    ResultChecked,
    SessionCancelled,
    SessionConsequence,
    SessionFact,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepFailed,
    ToolsFound,
    VerdictReached,
)
from domain.session.state import Session

BEHAVIOUR = 1
"""The version of these rules; a session keeps to its end the version it began with."""


def decide(state: Session, fact: SessionFact, at: datetime) -> Sequence[SessionConsequence]:
    """Return the consequences of a fact, in their order."""
    letter = resending.replayed(state, fact)
    if letter:  # whatever becomes of it, the session goes on, or has ended, as before
        return (*_spent_on(fact), *resending.on_fact(state, letter, fact, at))
    return ending.wind_up(state, _within_budget(state, _decide(state, fact, at)))


def _decide(state: Session, fact: SessionFact, at: datetime) -> Sequence[SessionConsequence]:
    if state.ended:
        return (*_spent_on(fact), *ending.on_late_answer(state, fact))
    match fact:
        case GoalSubmitted():
            return planning.begin(state)
        case ModelReplied():
            return (*_spent_on(fact), *planning.on_reply(state, fact, at))
        case ModelFailed():
            return planning.on_model_failure(state, fact, at)
        case ArgumentsChecked():
            return calling.on_arguments(state, fact)
        case VerdictReached():
            return calling.on_verdict(state, fact, at)
        case ApprovalGranted():
            return calling.on_approval(state, fact, at)
        case ApprovalDenied():
            return calling.on_denial(state, fact.approval, f"{fact.by} said no: {fact.reason}")
        case ApprovalExpired():
            return calling.on_denial(state, fact.approval, "nobody approved it in time")
        case CallFailed():
            return calling.on_failure(state, fact, at)
        case LeaseLapsed():
            return calling.on_lapse(state, fact, at)
        case CallDeferred():
            return calling.on_deferral(state, fact)
        case CallExpired():
            return calling.on_expiry(state, fact)
        case OutcomeReported():
            return calling.on_outcome(state, fact, at)
        case ResultChecked():
            return reviewing.on_result(state, fact)
        case CancelRequested():
            return (SessionCancelled(reason=fact.reason),)
        case CatalogMigrated():
            return migrating.on_migration(state, fact, at)
        case CallAttempted():
            return _spent_on(fact)
        case ToolsFound() | CallSucceeded() | ModelCallAttempted() | SessionPaused() | SessionResumed():
            return ()  # the state says all that follows
        case DeadLetterReplayed() | DeadLetterDiscarded():
            return ()  # of a letter that is not open
        case _:
            assert_never(fact)


def _spent_on(fact: SessionFact) -> Sequence[SessionConsequence]:
    """Count what was paid for, even where the answer comes too late to be used."""
    match fact:
        case ModelReplied():
            return (BudgetSpent(model_calls=1, tokens=fact.tokens_in + fact.tokens_out),)
        case CallAttempted():
            return (BudgetSpent(tool_calls=1),)
        case _:
            return ()


def _within_budget(state: Session, drawn: Sequence[SessionConsequence]) -> Sequence[SessionConsequence]:
    """Fail the session instead of asking for more where a limit is used up: before the spend, not after."""
    needed = [limit for consequence in drawn for limit in _draws_on(consequence)]
    if not needed:
        return drawn
    spent = [consequence for consequence in drawn if isinstance(consequence, BudgetSpent)]
    exhausted = used_up(state.limits, reduce(add, spent, state.spent), needed)
    if not exhausted:
        return drawn
    given_up = [
        consequence
        for retry in drawn
        if isinstance(retry, CallRetryScheduled)
        for consequence in _give_up(state, retry, exhausted)
    ]
    return (*spent, *given_up, SessionFailed(reason=exhausted))


def _give_up(state: Session, retry: CallRetryScheduled, exhausted: str) -> Sequence[SessionConsequence]:
    step = state.step_awaiting(retry.call)
    letter = CallDeadLettered(call=retry.call, reason=f"{retry.reason}, and {exhausted}")
    return (letter, StepFailed(step=step.number, reason=exhausted)) if step else (letter,)


def _draws_on(consequence: SessionConsequence) -> Sequence[str]:
    """Name the limits that what is asked for will be paid from; the last tool call may still be reviewed."""
    match consequence:
        case ModelCallRequested() | ModelRetryScheduled():
            return ("model_calls", "tokens")
        case CallRequested() | CallRetryScheduled():
            return ("tool_calls",)
        case _:
            return ()
