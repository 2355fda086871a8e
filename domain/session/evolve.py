"""Apply an event to a session: total, boring, and without an opinion.

An event that does not fit the present stage (a late answer, say) leaves that stage as it is; it never raises.
"""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from domain.budget.limits import add
from domain.session import filtering, letters, mending, metering, replanning, researching
from domain.session.events import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    AnswerChecked,
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
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
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    CancelRequested,
    CatalogMigrated,
    ContentFiltered,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    DeadLetterResolved,
    DescriptionRequested,
    Fact,
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
    PlanProposed,
    PlanRevised,
    RepairRequested,
    ReplanRequested,
    ResultChecked,
    ResultStated,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepAccepted,
    StepFailed,
    StepStarted,
    TimeRanOut,
    ToolChosen,
    ToolDescribed,
    ToolsFound,
    VerdictReached,
)
from domain.session.evolving import calls, models, steps
from domain.session.provenance import heard
from domain.session.state import Calling, Ended, Planning, Session


def evolve(state: Session | None, event: SessionEvent, at: datetime) -> Session | None:
    """Return the session after an event that happened at ``at``; None stays None until a goal is submitted."""
    if isinstance(event, GoalSubmitted):
        return _with_hidden(_begin(event, at), event) if state is None else state
    if state is None:
        return None
    state = _with_hidden(replace(state, updated_at=at), event)
    # A call that was given up belongs to its letter: what happens to it concerns no step any more.
    applied = (letters.after(state, event) if state.letters else None) or _apply(state, event)
    return metering.after(state, applied, event) if state.meter else applied


def _with_hidden(state: Session, event: SessionEvent) -> Session:
    """Know the values that got a token by a fact."""
    if isinstance(event, Fact) and event.hidden:
        return replace(state, hidden=(*state.hidden, *event.hidden))
    return state


def _begin(event: GoalSubmitted, at: datetime) -> Session:
    return Session(
        id=event.session,
        goal=event.goal,
        user=event.user,
        model=event.model,
        agents=event.agents,
        catalog=event.catalog,
        policy_set=event.policy_set,
        context=event.context,
        behaviour=event.behaviour,
        tenant=event.tenant,
        lane=event.lane,
        limits=event.limits,
        roles=event.roles,
        budget=event.budget,
        meter=metering.begin(event),
        dry_run=event.dry_run,
        memory=event.memory,
        stage=Planning(),
        started_at=at,
        updated_at=at,
    )


def _apply(state: Session, event: SessionEvent) -> Session:
    match event:  # the commonest come first: every read and every replay of a session goes through here
        case BudgetSpent():
            return replace(state, spent=add(state.spent, event))
        case CallFailed():
            return heard(state, event)
        case ModelReplied() | VerdictReached() | ModelFailed() | CallExpired():
            return state  # what follows from these is said by their consequences
        case ResultChecked():
            return steps.inspected(state, event)
        case PlanChecked(problems=()):
            return models.reassigned(state, event)
        case AnswerChecked() | PlanChecked():
            return filtering.refused(state, event) if event.problems else state
        case ContentFiltered():
            return filtering.after(state, event)
        case ToolsFound():
            return models.found(state, event)
        case MemoriesRecalled():
            return models.recalled(state, filtering.remembered(state, event))
        case ModelCallAttempted():
            return models.claimed(state, event)
        case LeaseLapsed():
            return models.lapsed(state, event)
        case ModelCallRequested():
            return models.asked(state, event)
        case ModelRetryScheduled():
            return models.retried(state, event)
        case PlanProposed():
            return steps.planned(state, event)
        case ReplanRequested():
            return replanning.requested(state, event)
        case PlanRevised():
            return replanning.revised(state, event)
        case StepStarted():
            return steps.started(state, event)
        case DescriptionRequested():
            return steps.asked_for_more(state, event)
        case ToolDescribed():
            return steps.told(state, event)
        case ToolChosen():
            return steps.chosen(state, event)
        case ResultStated():
            return steps.stated(state, event)
        case ArgumentsChecked():
            return calls.checked(state, event)
        case ApprovalRequested():
            return calls.put_to_people(state, event)
        case CallRequested():
            return calls.owed(state, event)
        case CallAttempted():
            return calls.attempted(state, event)
        case CallDeferred():
            return calls.deferred(state, event)
        case CallRetryScheduled():
            return calls.retried(state, event)
        case CallOutcomeUnknown():
            return calls.lost(state, event)
        case CallSucceeded():
            return calls.answered(state, event)
        case OutcomeReported():
            return calls.reported(state, event)
        case CallRehearsed():
            return calls.rehearsed(state, event)
        case StepAccepted():
            return steps.accepted(state, event)
        case ReworkRequested():
            return steps.reworked(state, event)
        case RepairRequested():
            return mending.requested(state, event)
        case StepFailed():
            return steps.failed(state, event)
        case SessionPaused():
            return replace(state, paused_at=state.updated_at)
        case SessionResumed():
            return _resumed(state)
        case SessionCompleted():
            return replace(state, stage=Ended(status="completed", text=event.answer))
        case SessionFailed():
            return replace(state, stage=Ended(status="failed", text=event.reason))
        case SessionCancelled():
            return replace(state, stage=Ended(status="cancelled", text=event.reason))
        case CallDeadLettered():
            return calls.given_up(state, event)
        case CatalogMigrated():
            return models.moved(state, event)
        case GoalSubmitted() | CancelRequested():
            return state
        case CallWithdrawn():
            return researching.withdrawn(state, event)  # another step goes back in the same breath
        case DeadLetterReplayed() | DeadLetterDiscarded() | DeadLetterResolved():
            return state  # a letter that is there is dealt with above
        case ApprovalGranted() | ApprovalDenied() | ApprovalExpired():
            return state
        case BudgetReserved() | BudgetReleased() | BudgetShort() | TimeRanOut():
            return state  # the meter, where there is one, changes beside
        case AccountsJoined():
            return metering.joined(state, event)
        case AllotmentReceived() | AllotmentRefused() | AllotmentReturned():
            return state
        case _:
            assert_never(event)


def _resumed(state: Session) -> Session:
    """Go on, and give calls that were owed meanwhile the time back that the pause took."""
    if state.paused_at is None:
        return state
    pause = state.updated_at - state.paused_at
    for step in state.open_steps:
        if isinstance(step.stage, Calling):
            state = state.with_stage(step, replace(step.stage, deadline=step.stage.deadline + pause))
    return replace(letters.postponed(state, pause), paused_at=None)
