"""Apply an event to a session: total, boring, and without an opinion.

An event that does not fit the present stage (a late answer, say) leaves that stage as it is; it never raises.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from msgspec.structs import replace

from domain.budget import add
from domain.content import Content
from domain.session import letters
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ArgumentsChecked,
    BudgetSpent,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallOutcomeUnknown,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    CancelRequested,
    CatalogMigrated,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    DeadLetterResolved,
    GoalSubmitted,
    LeaseLapsed,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    PlanProposed,
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
    ToolChosen,
    ToolsFound,
    VerdictReached,
)
from domain.session.state import (
    Accepted,
    Answering,
    Approval,
    Asking,
    Calling,
    Checking,
    Choice,
    Choosing,
    Due,
    Ended,
    Executing,
    Failed,
    InFlight,
    Inspecting,
    Judging,
    ModelCall,
    OutcomeUnknown,
    Planning,
    Request,
    Reviewing,
    Session,
    Step,
    StepStage,
    Waiting,
)


def evolve(state: Session | None, event: SessionEvent, at: datetime) -> Session | None:
    """Return the session after an event that happened at ``at``; None stays None until a goal is submitted."""
    if isinstance(event, GoalSubmitted):
        return _begin(event, at) if state is None else state
    if state is None:
        return None
    state = replace(state, updated_at=at)
    # A call that was given up belongs to its letter: what happens to it concerns no step any more.
    return (letters.after(state, event) if state.letters else None) or _apply(state, event)


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
        stage=Planning(),
        started_at=at,
        updated_at=at,
    )


def _apply(state: Session, event: SessionEvent) -> Session:
    match event:  # the commonest come first: every read and every replay of a session goes through here
        case BudgetSpent():
            return replace(state, spent=add(state.spent, event))
        case ModelReplied() | VerdictReached() | ResultChecked() | ModelFailed() | CallFailed() | CallExpired():
            return state  # what follows from these is said by their consequences
        case ToolsFound():
            return _with_model(state, event.call, 1, {"found": event.found})
        case ModelCallAttempted():
            return _with_model_claim(state, event)
        case LeaseLapsed():
            return _with_model(state, event.call, event.attempt, FREE)
        case ModelCallRequested():
            return _with_model_call(state, event)
        case ModelRetryScheduled():
            return _with_model_retry(state, event)
        case PlanProposed():
            return _with_plan(state, event)
        case StepStarted():
            return _started(state, event.step)
        case ToolChosen():
            choice = Choice(call=event.call, tool=event.tool, arguments=event.arguments)
            return _staged(state, event.step, Checking(choice=choice))
        case ResultStated():
            stated = Inspecting(call=event.call, tool="", output=event.output, source="model")
            return _staged(state, event.step, stated)
        case ArgumentsChecked():
            return _with_request(state, event)
        case ApprovalRequested():
            return _with_approval(state, event)
        case CallRequested():
            return _with_call(state, event)
        case CallAttempted():
            return _with_attempt(state, event)
        case CallDeferred():
            return _with_deferral(state, event)
        case CallRetryScheduled():
            return _with_retry(state, event)
        case CallOutcomeUnknown():
            return _in_phase(state, event.call, OutcomeUnknown(attempt=event.attempt))
        case CallSucceeded():
            return _with_output(state, event.call, event.output, event.source)
        case OutcomeReported():
            return _with_outcome(state, event)
        case StepAccepted():
            return _accepted(state, event.step)
        case ReworkRequested():
            return _reworked(state, event)
        case StepFailed():
            return _closed(_staged(state, event.step, Failed(reason=event.reason)), event.step)
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
            return _lettered(state, event)
        case CatalogMigrated():
            return replace(state, catalog=event.catalog)
        case GoalSubmitted() | CancelRequested():
            return state
        case CallWithdrawn():
            return state  # its step goes back in the same breath
        case DeadLetterReplayed() | DeadLetterDiscarded() | DeadLetterResolved():
            return state  # a letter that is there is dealt with above
        case ApprovalGranted() | ApprovalDenied() | ApprovalExpired():
            return state
        case _:
            assert_never(event)


def _with_plan(state: Session, event: PlanProposed) -> Session:
    if not isinstance(state.stage, Planning):
        return state
    steps = tuple(Step(number=number, plan=plan, stage=Waiting()) for number, plan in enumerate(event.steps, 1))
    return replace(state, stage=Executing(), steps=steps)


def _started(state: Session, number: int) -> Session:
    if not 1 <= number <= len(state.steps) or number in state.open:
        return state
    return _staged(replace(state, open=(*state.open, number)), number, Choosing())


def _put(state: Session, step: Step) -> Session:
    index = step.number - 1
    return replace(state, steps=(*state.steps[:index], step, *state.steps[index + 1 :]))


def _staged(state: Session, number: int, stage: StepStage) -> Session:
    if not 1 <= number <= len(state.steps):
        return state
    return _put(state, replace(state.steps[number - 1], stage=stage))


def _closed(state: Session, number: int) -> Session:
    return replace(state, open=tuple(other for other in state.open if other != number))


def _with_model_call(state: Session, event: ModelCallRequested) -> Session:
    model = ModelCall(id=event.call, purpose=event.purpose, agent=event.agent, recipe=event.recipe, step=event.step)
    match event.purpose:
        case "plan":
            return replace(state, stage=Planning(model=model))
        case "answer":
            return replace(state, stage=Answering(model=model))
        case "choose" | "review":
            return _with_step_model(state, model)
        case _:
            assert_never(event.purpose)


def _with_step_model(state: Session, model: ModelCall) -> Session:
    if not 1 <= model.step <= len(state.steps):
        return state
    match state.steps[model.step - 1].stage:
        case Choosing():
            return _staged(state, model.step, Choosing(model=model))
        case Inspecting(call=call, tool=tool, output=output, source=source):
            reviewing = Reviewing(call=call, tool=tool, output=output, source=source, model=model)
            return _staged(state, model.step, reviewing)
        case _:
            return state


FREE = {"worker": "", "lease_until": None}
"""Changes a question to one that nobody has claimed."""


def _with_model_retry(state: Session, event: ModelRetryScheduled) -> Session:
    again = {"attempt": event.attempt, "not_before": event.not_before, "fault": event.fault, **FREE}
    return _with_model(state, event.call, event.attempt - 1, again)


def _with_model_claim(state: Session, event: ModelCallAttempted) -> Session:
    claim = {"worker": event.worker, "lease_until": event.lease_until}
    return _with_model(state, event.call, event.attempt, claim)


def _with_model(state: Session, call: str, attempt: int, changes: Mapping[str, Any]) -> Session:
    """Change the pending question of this name and attempt, if there is one."""
    match state.stage:
        case (
            Planning(model=ModelCall(id=id_, attempt=current) as model)
            | Answering(model=ModelCall(id=id_, attempt=current) as model)
        ) if (id_, current) == (call, attempt):
            return replace(state, stage=replace(state.stage, model=replace(model, **changes)))
        case _:
            pass
    step = state.step_awaiting(call)
    match step.stage if step else None:
        case (
            Choosing(model=ModelCall(attempt=current) as model)
            | Reviewing(model=ModelCall(attempt=current) as model) as stage
        ) if step and current == attempt:
            return _staged(state, step.number, replace(stage, model=replace(model, **changes)))
        case _:
            return state


def _with_request(state: Session, event: ArgumentsChecked) -> Session:
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Checking) or event.problems:
        return state
    request = Request(
        operation=event.operation,
        document=event.document,
        effect_class=event.effect_class,
        repeatable=event.repeatable,
        digest=event.request_digest,
    )
    return _staged(state, step.number, Judging(choice=step.stage.choice, request=request))


def _with_approval(state: Session, event: ApprovalRequested) -> Session:
    approval = Approval(
        id=event.approval,
        question=event.question,
        request_digest=event.request_digest,
        expires_at=event.expires_at,
    )
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Judging(choice=choice, request=request) if step:
            return _staged(state, step.number, Asking(choice=choice, request=request, approval=approval))
        case Calling(phase=OutcomeUnknown() as unknown):
            return _in_phase(state, event.call, replace(unknown, approval=approval))
        case _:
            return state


def _with_call(state: Session, event: CallRequested) -> Session:
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Judging | Asking):
        return state
    calling = Calling(
        choice=step.stage.choice,
        request=step.stage.request,
        idempotency_key=event.idempotency_key,
        deadline=event.deadline,
        phase=Due(attempt=1, not_before=state.updated_at),
    )
    return _staged(state, step.number, calling)


def _in_phase(state: Session, call: str, phase: Due | InFlight | OutcomeUnknown) -> Session:
    step = state.step_awaiting(call)
    if step is None or not isinstance(step.stage, Calling):
        return state
    return _staged(state, step.number, replace(step.stage, phase=phase))


def _with_attempt(state: Session, event: CallAttempted) -> Session:
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=due)) if due == event.attempt:
            flight = InFlight(attempt=event.attempt, worker=event.worker, lease_until=event.lease_until)
            return _in_phase(state, event.call, flight)
        case _:
            return state


def _with_retry(state: Session, event: CallRetryScheduled) -> Session:
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Calling):
        return state
    again = replace(
        step.stage,
        phase=Due(attempt=event.attempt, not_before=event.not_before),
        doubtful=event.doubtful,
        deadline=event.deadline or step.stage.deadline,
    )
    return _staged(state, step.number, again)


def _with_deferral(state: Session, event: CallDeferred) -> Session:
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=attempt)):
            return _in_phase(state, event.call, Due(attempt=attempt, not_before=event.until))
        case _:
            return state


def _with_output(state: Session, call: str, output: Content, source: str) -> Session:
    step = state.step_awaiting(call)
    if state.ended or step is None or not isinstance(step.stage, Calling):
        return replace(state, late_answers=state.late_answers + 1)
    inspecting = Inspecting(call=call, tool=step.stage.choice.tool, output=output, source=source)
    return _staged(state, step.number, inspecting)


def _with_outcome(state: Session, event: OutcomeReported) -> Session:
    if event.outcome != "happened":
        return state
    told = Content(text="null", size=4)
    return _with_output(state, event.call, told, f"human:{event.by}")


def _accepted(state: Session, number: int) -> Session:
    match state.steps[number - 1].stage if 1 <= number <= len(state.steps) else None:
        case (
            Inspecting(call=call, tool=tool, output=output, source=source)
            | Reviewing(call=call, tool=tool, output=output, source=source)
        ):
            accepted = Accepted(call=call, tool=tool, output=output, source=source)
            return _closed(_staged(state, number, accepted), number)
        case _:
            return state


def _resumed(state: Session) -> Session:
    """Go on, and give calls that were owed meanwhile the time back that the pause took."""
    if state.paused_at is None:
        return state
    pause = state.updated_at - state.paused_at
    for number in state.open:
        stage = state.steps[number - 1].stage
        if isinstance(stage, Calling):
            state = _staged(state, number, replace(stage, deadline=stage.deadline + pause))
    return replace(letters.postponed(state, pause), paused_at=None)


def _lettered(state: Session, event: CallDeadLettered) -> Session:
    """Keep a call that was given up, and wait no longer for one that was in flight when its session ended."""
    step = state.step_awaiting(event.call)
    if step is None:
        return state
    state = letters.kept(state, step, event.reason)
    return _closed(state, step.number) if state.ended else state


def _reworked(state: Session, event: ReworkRequested) -> Session:
    if not 1 <= event.step <= len(state.steps):
        return state
    step = state.steps[event.step - 1]
    again = replace(step, stage=Choosing(), round=event.round, instructions=event.instructions)
    return _put(state, again)
