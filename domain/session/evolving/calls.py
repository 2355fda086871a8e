"""Apply what happens to a tool call, from its checked arguments to its answer, or until it is given up."""

from msgspec.structs import replace

from domain.content import Content
from domain.labels import human
from domain.session import letters, researching
from domain.session.events import (
    ApprovalRequested,
    ArgumentsChecked,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    OutcomeReported,
)
from domain.session.evolving.steps import closed, staged
from domain.session.filtering import NO_ATTEMPT
from domain.session.provenance import heard
from domain.session.slots import binds_slots
from domain.session.state import (
    Approval,
    Asking,
    Calling,
    Checking,
    Choice,
    Due,
    InFlight,
    Inspecting,
    Judging,
    OutcomeUnknown,
    Request,
    Session,
    Step,
)


def checked(state: Session, event: ArgumentsChecked) -> Session:
    """Put the request that arguments make before the policy; keep what is wanted where they make none."""
    step = state.step_awaiting(event.call)
    if step is None or not isinstance(step.stage, Checking):
        return state
    if event.problems:
        wanted = () if state.denial_of(event.call, NO_ATTEMPT) else event.described
        misfit = replace(step.stage.choice, described=wanted)
        return state.with_stage(step, Checking(choice=misfit)) if wanted else state
    request = Request(
        operation=event.operation,
        document=event.document,
        effect_class=event.effect_class,
        repeatable=event.repeatable,
        digest=event.request_digest,
    )
    return state.with_stage(step, Judging(choice=_as_checked(step.stage.choice, event), request=request))


def _as_checked(choice: Choice, event: ArgumentsChecked) -> Choice:
    """Return a choice with the arguments that were checked: the agent's, and those that the plan had bound."""
    if not event.filled:
        return choice
    return replace(choice, arguments=replace(choice.arguments, value=event.arguments), filled=event.filled)


def put_to_people(state: Session, event: ApprovalRequested) -> Session:
    """Wait for a human: before a call is owed, before it is sent once more, or because its outcome is unknown."""
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
            return state.with_stage(step, Asking(choice=choice, request=request, approval=approval))
        case Calling(phase=Due(attempt=attempt), choice=choice) as calling if step and event.question == "call":
            asked = replace(calling.request, digest=event.request_digest)
            anew = Asking(
                choice=choice, request=asked, approval=approval, attempts=attempt - 1, repeats=calling.repeats
            )
            return state.with_stage(step, anew)
        case Calling(phase=OutcomeUnknown() as unknown):
            return _in_phase(state, event.call, replace(unknown, approval=approval))
        case _:
            return state


def owed(state: Session, event: CallRequested) -> Session:
    """Let a call be due."""
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
    return state.with_stage(step, calling)


def attempted(state: Session, event: CallAttempted) -> Session:
    """Know that a worker may be sending."""
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=due)) if step and due == event.attempt:
            flight = InFlight(attempt=event.attempt, worker=event.worker, lease_until=event.lease_until)
            return _in_phase(state.with_step(_as_sent(state, step)), event.call, flight)
        case _:
            return state


def _as_sent(state: Session, step: Step) -> Step:
    """Note that a step's call was sent, and where it may matter later, that it may have changed something."""
    calling = step.stage
    writes = isinstance(calling, Calling) and calling.request.effect_class != "read"
    return replace(step, sent=binds_slots(state), wrote=step.wrote or (writes and state.limits.replans > 0))


def deferred(state: Session, event: CallDeferred) -> Session:
    """Let the same attempt be due later."""
    step = state.step_awaiting(event.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=attempt)):
            return _in_phase(state, event.call, Due(attempt=attempt, not_before=event.until))
        case _:
            return state


def retried(state: Session, event: CallRetryScheduled) -> Session:
    """Let the next attempt be due, under new terms where people set them."""
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
    return state.with_stage(step, again)


def lost(state: Session, event: CallOutcomeUnknown) -> Session:
    """Know that nobody knows whether an attempt happened."""
    return _in_phase(state, event.call, OutcomeUnknown(attempt=event.attempt))


def answered(state: Session, event: CallSucceeded) -> Session:
    """Hear what a tool said, and review it."""
    return _with_output(heard(state, event), event)


def reported(state: Session, event: OutcomeReported) -> Session:
    """Take a human's word that a call happened for its answer."""
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


def rehearsed(state: Session, event: CallRehearsed) -> Session:
    """Review what stands in for an answer in a dry run."""
    result = Inspecting(call=event.call, tool=event.tool, output=event.output, source=f"rehearsal:{event.tool}")
    return staged(state, event.step, result)


def given_up(state: Session, event: CallDeadLettered) -> Session:
    """Keep a call that was given up, and wait no longer for one that was in flight when its session ended."""
    step = state.step_awaiting(event.call)
    if step is None:
        return state
    state = letters.kept(state, step, event.reason)
    return closed(state, step.number) if state.ended else state


def _in_phase(state: Session, call: str, phase: Due | InFlight | OutcomeUnknown) -> Session:
    step = state.step_awaiting(call)
    if step is None or not isinstance(step.stage, Calling):
        return state
    return state.with_stage(step, replace(step.stage, phase=phase))


def _with_output(state: Session, answer: CallSucceeded) -> Session:
    step = state.step_awaiting(answer.call)
    if state.ended or step is None or not isinstance(step.stage, Calling | Asking) or not _was_sent(step.stage):
        return replace(state, late_answers=state.late_answers + 1)
    if researching.gathers(state, step, answer):
        return state.with_step(researching.with_answer(step, step.stage, answer))
    inspecting = Inspecting(
        call=answer.call,
        tool=step.stage.choice.tool,
        output=answer.output,
        source=answer.source,
        label=answer.label,
        mismatches=answer.mismatches,
    )
    return state.with_stage(step, inspecting)


def _was_sent(stage: Calling | Asking) -> bool:
    """Tell whether a call may be answered: also while people are asked whether it is to be sent once more."""
    return isinstance(stage, Calling) or stage.attempts > 0
