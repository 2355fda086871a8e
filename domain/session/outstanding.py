"""Say what a session owes, from its state alone: this is what a worker asks after a crash."""

from datetime import datetime
from typing import assert_never

from domain.session import allowances
from domain.session.effects import (
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    Effect,
    ExpireApproval,
    FindTools,
    JudgeCall,
    LapseLease,
    RecallMemories,
    SendCall,
    TakeAllotment,
)
from domain.session.events import CallAttempted
from domain.session.metering import budget_effects
from domain.session.planning import pending_model_calls
from domain.session.recalling import PLANNING, recalls
from domain.session.searching import most_shown, search_text, searched_for
from domain.session.state import (
    Accepted,
    Answering,
    Approval,
    Asking,
    Calling,
    Checking,
    Choosing,
    DeadLetter,
    Describing,
    Dropped,
    Due,
    Ended,
    Executing,
    Failed,
    InFlight,
    Inspecting,
    Judging,
    Meter,
    ModelCall,
    OutcomeUnknown,
    Planning,
    Replaying,
    Reviewing,
    Session,
    Step,
    Waiting,
)


def outstanding(state: Session | None) -> list[Effect]:
    """Return everything that a session owes now or from a later time on."""
    if state is None:
        return []
    owed = [*_owed(state), *(effect for letter in state.letters for effect in _owed_by_letter(state, letter))]
    if state.meter:
        owed = _within_means(state, state.meter, owed)
    if state.paused and not state.ended:
        return [effect for effect in owed if isinstance(effect, LapseLease | ExpireApproval | TakeAllotment)]
    return owed


def _within_means(state: Session, meter: Meter, owed: list[Effect]) -> list[Effect]:
    """Hold back what costs anything while accounts are asked to pay, and see that every reservation comes to an end."""
    owed = [
        effect for effect in owed if not (isinstance(effect, AskModel) and allowances.waits(state, effect.model.agent))
    ]
    if meter.wanted:
        owed = [effect for effect in owed if not isinstance(effect, AskModel | SendCall)]
    return [*owed, *(_unanswered(state, meter, owed) if state.ended else ()), *budget_effects(state)]


def _unanswered(state: Session, meter: Meter, owed: list[Effect]) -> list[Effect]:
    """Return the leases of what was in flight when its session ended and that nothing else waits for."""
    waited_for = {effect.id for effect in owed}
    lapses = [
        LapseLease(
            id=f"lapse-{held.call}-{'a' if held.amounts.tool_calls else 'm'}{held.attempt}",
            call=held.call,
            attempt=held.attempt,
            not_before=held.until,
        )
        for held in meter.reservations
    ]
    return [lapse for lapse in lapses if lapse.id not in waited_for]


def _owed(state: Session) -> list[Effect]:
    match state.stage:
        case Planning(model=ModelCall() as model) | Answering(model=model):
            return [_owed_by_model_call(state, model)]
        case Executing(replan=replan):
            asked = [_owed_by_model_call(state, replan)] if replan else []
            return [*asked, *(effect for step in state.open_steps for effect in _owed_by_step(state, step))]
        case Ended():
            stages = (step.stage for step in state.open_steps)
            return [effect for stage in stages if isinstance(stage, Calling) for effect in _leases(stage)]
        case Planning():
            return []
        case _:
            assert_never(state.stage)


def _owed_by_step(state: Session, step: Step) -> list[Effect]:
    now = state.updated_at
    match step.stage:
        case Choosing(model=ModelCall() as model) | Reviewing(model=model):
            return [_owed_by_model_call(state, model)]
        case Describing(call=call, tool=tool, at=at):
            look_up = DescribeTool(id=f"describe-{call}", step=step.number, call=call, tool=tool, at=at, not_before=now)
            return [look_up]
        case Checking(choice=choice):
            return [CheckArguments(id=f"check-{choice.call}", choice=choice, not_before=now)]
        case Judging(choice=choice, request=request):
            judge = JudgeCall(
                id=f"judge-{choice.call}",
                agent=step.plan.agent,
                choice=choice,
                request=request,
                not_before=now,
            )
            return [judge]
        case Asking(approval=Approval(expires_at=datetime() as expires_at) as approval):
            return [ExpireApproval(id=f"expire-{approval.id}", approval=approval.id, not_before=expires_at)]
        case Calling():
            return _owed_by_call(step.stage, step.plan.agent)
        case Inspecting(call=call, tool=tool, output=output, mismatches=mismatches):
            inspect = CheckResult(
                id=f"inspect-{call}",
                step=step.number,
                call=call,
                tool=tool,
                output=output,
                criteria=step.plan.criteria,
                mismatches=mismatches,
                not_before=now,
            )
            return [inspect]
        case Waiting() | Choosing() | Asking() | Accepted() | Failed() | Dropped():
            return []
        case _:
            assert_never(step.stage)


def _owed_by_call(calling: Calling, agent: str = "", *, ordered: bool = False) -> list[Effect]:
    call = calling.choice.call
    match calling.phase:
        case Due(attempt=attempt, not_before=not_before):
            send = SendCall(
                id=f"{call}-a{attempt}",
                choice=calling.choice,
                request=calling.request,
                idempotency_key=calling.idempotency_key,
                attempt=attempt,
                deadline=calling.deadline,
                not_before=not_before,
                agent=agent,
                approved=calling.approved,
                standing=calling.standing,
                ordered=ordered,
            )
            return [send]
        case InFlight(attempt=attempt, lease_until=lease_until):
            lapse = LapseLease(id=f"lapse-{call}-a{attempt}", call=call, attempt=attempt, not_before=lease_until)
            return [lapse]
        case OutcomeUnknown():
            return []
        case _:
            assert_never(calling.phase)


def _leases(calling: Calling) -> list[Effect]:
    """Return what is owed of a call after its session ended: to see that its attempt was answered."""
    return _owed_by_call(calling) if isinstance(calling.phase, InFlight) else []


def _owed_by_letter(state: Session, letter: DeadLetter) -> list[Effect]:
    """Return what is owed of a call that is sent again, whether its session has ended or not."""
    if not isinstance(letter.stage, Replaying):
        return []
    calling = Calling(
        choice=letter.choice,
        request=letter.request,
        idempotency_key=letter.idempotency_key,
        deadline=letter.stage.deadline,
        phase=letter.stage.phase,
    )
    return _owed_by_call(calling, state.steps[letter.step - 1].plan.agent, ordered=True)


def holds(state: Session | None, claim: CallAttempted) -> bool:
    """Tell whether an attempt is in flight under this very claim: nothing may be sent without one."""
    return any(
        isinstance(effect, LapseLease)
        and (effect.call, effect.attempt, effect.not_before) == (claim.call, claim.attempt, claim.lease_until)
        for effect in outstanding(state)
    )


def claimed_by(state: Session | None, worker: str) -> list[AskModel]:
    """Return the questions that a worker has claimed and must ask."""
    if state is None or state.ended or state.paused:
        return []
    claimed = (model for model in pending_model_calls(state) if model.lease_until and model.worker == worker)
    return [_ask_model(state, model) for model in claimed]


def _owed_by_model_call(state: Session, model: ModelCall) -> FindTools | RecallMemories | AskModel | LapseLease:
    agents = searched_for(state, model)
    if agents:
        return FindTools(
            id=f"find-{model.id}",
            call=model.id,
            agents=agents,
            text=search_text(state, model),
            most=most_shown(len(agents)),
            not_before=state.updated_at,
        )
    if recalls(state, model):
        return RecallMemories(
            id=f"recall-{model.id}",
            call=model.id,
            text=search_text(state, model),
            planning=model.purpose in PLANNING,
            not_before=state.updated_at,
        )
    if model.lease_until is None:
        return _ask_model(state, model)
    lapse = f"lapse-{model.id}-m{model.attempt}"
    return LapseLease(id=lapse, call=model.id, attempt=model.attempt, not_before=model.lease_until)


def _ask_model(state: Session, model: ModelCall) -> AskModel:
    due = model.not_before or state.updated_at
    return AskModel(id=f"{model.id}-m{model.attempt}", model=model, not_before=due)
