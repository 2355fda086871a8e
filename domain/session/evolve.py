"""Apply an event to a session: total, boring, and without an opinion.

An event that does not fit the present stage (a late answer, say) leaves that stage as it is; it never raises.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from msgspec.structs import replace

from domain.budget.limits import add
from domain.content import Content
from domain.labels import human
from domain.session import filtering, letters, mending, metering, recalling, replanning, researching
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
from domain.session.provenance import heard
from domain.session.slots import binds_slots
from domain.session.state import (
    Accepted,
    Answering,
    Approval,
    Asking,
    Calling,
    Checking,
    Choice,
    Choosing,
    Describing,
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
    Told,
    Waiting,
)


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
            return _with_findings(state, event) if event.findings else state
        case PlanChecked(problems=(), reassigned=reassigned):
            return _with_model(state, event.call, event.attempt, {"reassigned": reassigned})
        case AnswerChecked() | PlanChecked():
            return filtering.refused(state, event) if event.problems else state
        case ContentFiltered():
            return filtering.after(state, event)
        case ToolsFound():
            return _with_model(state, event.call, 1, {"found": event.found})
        case MemoriesRecalled():
            return recalling.after(_with_model(state, event.call, 1, {"recalled": event.memories}), event)
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
        case ReplanRequested():
            return replanning.requested(state, event)
        case PlanRevised():
            return replanning.revised(state, event)
        case StepStarted():
            return _started(state, event.step)
        case DescriptionRequested():
            return _staged(state, event.step, Describing(call=event.call, tool=event.tool, at=event.at))
        case ToolDescribed():
            return _told(state, event)
        case ToolChosen():
            choice = Choice(
                call=event.call,
                tool=event.tool,
                arguments=event.arguments,
                consent=event.consent,
                earlier=event.earlier,
            )
            return _staged(mending.chosen(state, event), event.step, Checking(choice=choice))
        case ResultStated():
            stated = Inspecting(call=event.call, tool="", output=event.output, source="model", label=event.label)
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
            return _with_output(heard(state, event), event)
        case OutcomeReported():
            return _with_outcome(state, event)
        case CallRehearsed(call=call, tool=tool, output=output):
            stands_in = Inspecting(call=call, tool=tool, output=output, source=f"rehearsal:{tool}")
            return _staged(state, event.step, stands_in)
        case StepAccepted():
            return _accepted(state, event.step)
        case ReworkRequested():
            return _reworked(state, event)
        case RepairRequested():
            return mending.requested(state, event)
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


def _with_plan(state: Session, event: PlanProposed) -> Session:
    if not isinstance(state.stage, Planning):
        return state
    steps = tuple(Step(number=number, plan=plan, stage=Waiting()) for number, plan in enumerate(event.steps, 1))
    return replace(state, stage=Executing(), steps=steps)


def _told(state: Session, event: ToolDescribed) -> Session:
    if not 1 <= event.step <= len(state.steps):
        return state
    step = state.steps[event.step - 1]
    match step.stage:
        case Describing(call=call) if call == event.call:
            told = Told(tool=event.tool, at=event.at, text=filtering.told(state, event))
            return _put(state, replace(step, stage=Choosing(), told=(*step.told, told)))
        case _:
            return state


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
        case "replan":
            return replace(state, stage=Executing(replan=model)) if isinstance(state.stage, Executing) else state
        case "answer":
            return replace(state, stage=Answering(model=model))
        case "choose" | "repair" | "review":
            return _with_step_model(state, model)
        case _:
            assert_never(event.purpose)


def _with_step_model(state: Session, model: ModelCall) -> Session:
    if not 1 <= model.step <= len(state.steps):
        return state
    match state.steps[model.step - 1].stage:
        case Choosing():
            return _staged(state, model.step, Choosing(model=model))
        case Inspecting() as done:
            reviewing = Reviewing(
                call=done.call,
                tool=done.tool,
                output=done.output,
                source=done.source,
                label=done.label,
                model=model,
                findings=done.findings,
            )
            return _staged(state, model.step, reviewing)
        case _:
            return state


FREE = {"worker": "", "lease_until": None, "strategy": "", "reassigned": ()}
"""Changes a question to one that nobody has claimed."""


def _with_model_retry(state: Session, event: ModelRetryScheduled) -> Session:
    again = {"attempt": event.attempt, "not_before": event.not_before, "fault": event.fault, **FREE}
    return _with_model(state, event.call, event.attempt - 1, again)


def _with_model_claim(state: Session, event: ModelCallAttempted) -> Session:
    claim = {"worker": event.worker, "lease_until": event.lease_until, "strategy": event.strategy}
    return _with_model(state, event.call, event.attempt, claim)


def _with_model(state: Session, call: str, attempt: int, changes: Mapping[str, Any]) -> Session:
    """Change the pending question of this name and attempt, if there is one."""
    match state.stage:
        case (
            Planning(model=ModelCall(id=id_, attempt=current) as model)
            | Answering(model=ModelCall(id=id_, attempt=current) as model)
        ) if (id_, current) == (call, attempt):
            return replace(state, stage=replace(state.stage, model=replace(model, **changes)))
        case Executing(replan=ModelCall(id=id_, attempt=current) as model) if (id_, current) == (call, attempt):
            return replace(state, stage=Executing(replan=replace(model, **changes)))
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
    if step is None or not isinstance(step.stage, Checking):
        return state
    if event.problems:
        misfit = replace(step.stage.choice, described=event.described)
        return _staged(state, step.number, Checking(choice=misfit)) if event.described else state
    request = Request(
        operation=event.operation,
        document=event.document,
        effect_class=event.effect_class,
        repeatable=event.repeatable,
        digest=event.request_digest,
    )
    return _staged(state, step.number, Judging(choice=_as_checked(step.stage.choice, event), request=request))


def _as_checked(choice: Choice, event: ArgumentsChecked) -> Choice:
    """Return a choice with the arguments that were checked: the agent's, and those that the plan had bound."""
    if not event.filled:
        return choice
    return replace(choice, arguments=replace(choice.arguments, value=event.arguments), filled=event.filled)


def _with_approval(state: Session, event: ApprovalRequested) -> Session:
    approval = Approval(
        id=event.approval,
        question=event.question,
        request_digest=event.request_digest,
        expires_at=event.expires_at,
        terms=event.terms,
        supersedes=event.supersedes,
    )
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Judging(choice=choice, request=request) if step:
            return _staged(state, step.number, Asking(choice=choice, request=request, approval=approval))
        case Calling(phase=Due(attempt=attempt), choice=choice) as calling if step and event.question == "call":
            asked = replace(calling.request, digest=event.request_digest)
            anew = Asking(
                choice=choice, request=asked, approval=approval, attempts=attempt - 1, repeats=calling.repeats
            )
            return _staged(state, step.number, anew)
        case Calling(phase=OutcomeUnknown() as unknown):
            return _in_phase(state, event.call, replace(unknown, approval=approval))
        case _:
            return state


def _with_call(state: Session, event: CallRequested) -> Session:
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Judging | Asking):
        return state
    asked = step.stage if isinstance(step.stage, Asking) and step.stage.attempts else None
    calling = Calling(
        choice=step.stage.choice,
        request=step.stage.request,
        idempotency_key=event.idempotency_key,
        deadline=event.deadline,
        phase=Due(attempt=asked.attempts + 1 if asked else 1, not_before=state.updated_at),
        approved=event.approved,
        standing=event.standing,
        repeats=asked.repeats if asked else step.sent,
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
        case Calling(phase=Due(attempt=due)) if step and due == event.attempt:
            flight = InFlight(attempt=event.attempt, worker=event.worker, lease_until=event.lease_until)
            return _in_phase(_put(state, _as_sent(state, step)), event.call, flight)
        case _:
            return state


def _as_sent(state: Session, step: Step) -> Step:
    """Note that a step's call was sent, and where it may matter later, that it may have changed something."""
    calling = step.stage
    writes = isinstance(calling, Calling) and calling.request.effect_class != "read"
    return replace(step, sent=binds_slots(state), wrote=step.wrote or (writes and state.limits.replans > 0))


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
    if event.approved:
        request = replace(again.request, digest=event.approved.request_digest)
        again = replace(again, approved=event.approved, request=request)
    return _staged(state, step.number, again)


def _with_deferral(state: Session, event: CallDeferred) -> Session:
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=attempt)):
            return _in_phase(state, event.call, Due(attempt=attempt, not_before=event.until))
        case _:
            return state


def _with_output(state: Session, answer: CallSucceeded) -> Session:
    step = state.step_awaiting(answer.call)
    if state.ended or step is None or not isinstance(step.stage, Calling | Asking) or not _was_sent(step.stage):
        return replace(state, late_answers=state.late_answers + 1)
    if researching.gathers(state, step, answer):
        return _put(state, researching.with_answer(step, step.stage, answer))
    inspecting = Inspecting(
        call=answer.call,
        tool=step.stage.choice.tool,
        output=answer.output,
        source=answer.source,
        label=answer.label,
        mismatches=answer.mismatches,
    )
    return _staged(state, step.number, inspecting)


def _was_sent(stage: Calling | Asking) -> bool:
    """Tell whether a call may be answered: also while people are asked whether it is to be sent once more."""
    return isinstance(stage, Calling) or stage.attempts > 0


def _with_findings(state: Session, event: ResultChecked) -> Session:
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Inspecting):
        return state
    return _staged(state, step.number, replace(step.stage, findings=event.findings))


def _with_outcome(state: Session, event: OutcomeReported) -> Session:
    if event.outcome != "happened":
        return state
    told = CallSucceeded(
        call=event.call,
        attempt=0,
        status=0,
        output=Content(text="null", size=4),
        source=f"human:{event.by}",
        label=human(event.by) if binds_slots(state) else None,
    )
    return _with_output(state, told)


def _accepted(state: Session, number: int) -> Session:
    match state.steps[number - 1].stage if 1 <= number <= len(state.steps) else None:
        case (
            Inspecting(call=call, tool=tool, output=output, source=source, label=label)
            | Reviewing(call=call, tool=tool, output=output, source=source, label=label)
        ):
            accepted = Accepted(call=call, tool=tool, output=output, source=source, label=label)
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
