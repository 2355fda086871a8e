"""Decide what follows from a fact: a list of cases, one rule each, replayed word for word by every audit.

``decide`` sees the state *after* the fact, the fact, and the time it happened; nothing else. A fact that the state no
longer waits for (a late answer, a repeat) leads to nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from typing import assert_never

from domain.budget.limits import add, first_used_up, used_up
from domain.session import (
    allowances,
    approving,
    calling,
    ending,
    filtering,
    metering,
    migrating,
    planning,
    replanning,
    researching,
    resending,
    reviewing,
)
from domain.session.events import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    AnswerChecked,
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ArgumentsChecked,
    BudgetReleased,
    BudgetReserved,
    BudgetShort,
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
    ContentFiltered,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    GoalSubmitted,
    LeaseLapsed,
    MemoriesRecalled,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    PlanChecked,
    ResultChecked,
    SessionCancelled,
    SessionConsequence,
    SessionFact,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepFailed,
    TimeRanOut,
    ToolDescribed,
    ToolsFound,
    VerdictReached,
)
from domain.session.state import Session

BEHAVIOUR = 3
"""The version of these rules; a session keeps to its end the version it began with.

From 2 on plans bind slots, agents may ask for more of a tool before they choose, and approvals are
bound to terms and judged again when they are used. From 3 on a researcher goes on where a call of its own is refused,
or its own limits leave no more, and a model is told where it said several things at once.
"""


def decide(state: Session, fact: SessionFact, at: datetime) -> Sequence[SessionConsequence]:
    """Return the consequences of a fact, in their order."""
    fact = filtering.unheard(state, fact)
    paid = metering.payments(state, fact) if state.meter else _spent_on(fact)
    letter = resending.replayed(state, fact)
    if letter:  # whatever becomes of it, the session goes on, or has ended, as before
        return (*paid, *resending.on_fact(state, letter, fact, at))
    drawn = replanning.offered(state, fact, _decide(state, fact, at))
    return ending.wind_up(state, _within_budget(state, (*paid, *drawn)))


def _decide(state: Session, fact: SessionFact, at: datetime) -> Sequence[SessionConsequence]:
    if state.ended:
        return ending.on_late_answer(state, fact)
    match fact:
        case GoalSubmitted():
            return planning.begin(state)
        case ModelReplied():
            return planning.on_reply(state, fact, at)
        case ModelFailed():
            return planning.on_model_failure(state, fact, at)
        case ToolDescribed():
            return planning.on_description(state, fact)
        case ArgumentsChecked():
            return calling.on_arguments(state, fact)
        case ContentFiltered():
            return filtering.on_filtered(state, fact)
        case VerdictReached():
            return calling.on_verdict(state, fact, at)
        case ApprovalGranted():
            return approving.on_approval(state, fact, at)
        case ApprovalDenied():
            return approving.on_denial(state, fact.approval, f"{fact.by} said no: {fact.reason}")
        case ApprovalExpired():
            return approving.on_denial(state, fact.approval, "nobody approved it in time")
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
        case BudgetShort(agent=""):
            return metering.on_short(state, fact)
        case BudgetShort():
            return allowances.on_short(state, fact)
        case TimeRanOut():
            reason = f"the limit of {state.limits.wall_ms} ms for the whole session is used up"
            return (SessionFailed(reason=reason, limit="wall_ms"),)
        case CallSucceeded():
            return filtering.on_output(state, fact) or researching.on_answer(state, fact.call)
        case MemoriesRecalled():
            return ()  # what was recalled is shown, and asked about next
        case ToolsFound() | PlanChecked() | CallAttempted() | ModelCallAttempted() | AnswerChecked():
            return ()  # the state says all that follows
        case SessionPaused() | SessionResumed():
            return ()
        case AllotmentReceived() | AllotmentRefused() | AllotmentReturned() | AccountsJoined():
            return ()
        case DeadLetterReplayed() | DeadLetterDiscarded():
            return ()  # of a letter that is not open
        case _:
            assert_never(fact)


def _spent_on(fact: SessionFact) -> Sequence[SessionConsequence]:
    """Count what was paid for, even where the answer comes too late to be used."""
    match fact:
        case ModelReplied():
            return (BudgetSpent(model_calls=1, tokens=fact.tokens_in + fact.tokens_out, money=fact.cost),)
        case CallAttempted():
            return (BudgetSpent(tool_calls=1, money=fact.cost),)
        case _:
            return ()


def _within_budget(state: Session, drawn: Sequence[SessionConsequence]) -> Sequence[SessionConsequence]:
    """Fail the session instead of asking for more where a limit is used up: before the spend, not after."""
    needed = [limit for consequence in drawn for limit in _draws_on(consequence)]
    if not needed:
        return drawn
    paid = [each for each in drawn if isinstance(each, BudgetSpent | BudgetReserved | BudgetReleased)]
    spent = [each for each in paid if isinstance(each, BudgetSpent)]
    in_all = reduce(add, spent, state.spent)
    exhausted = used_up(state.limits, in_all, needed)
    if not exhausted:
        return drawn
    given_up = [
        consequence
        for retry in drawn
        if isinstance(retry, CallRetryScheduled)
        for consequence in _give_up(state, retry, exhausted)
    ]
    # Sessions that began before say nothing but the reason.
    limit = first_used_up(state.limits, in_all, needed) if state.behaviour >= 2 else ""
    return (*paid, *given_up, SessionFailed(reason=exhausted, limit=limit))


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
