"""Say what a session owes, from its state alone: this is what a worker asks after a crash.

Each effect has an id, the same every time it is asked for, and where it must wait, a ``not_before``. *Immediate*
effects need no I/O: the shell performs them at once, between decide and append.
"""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from domain.content import Content
from domain.session.searching import most_shown, search_text, searched_for
from domain.session.state import (
    Accepted,
    Answering,
    Approval,
    Asking,
    Calling,
    Checking,
    Choice,
    Choosing,
    DeadLetter,
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
    Replaying,
    Request,
    Reviewing,
    Session,
    Step,
    Waiting,
)


class AskModel(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a model."""

    id: str
    model: ModelCall
    not_before: datetime


class FindTools(msgspec.Struct, frozen=True, kw_only=True):
    """Find the tools that a question to a model shows, at most ``most`` for each agent (immediate)."""

    id: str
    call: str
    agents: tuple[str, ...]
    text: str
    most: int
    not_before: datetime


class CheckArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Hold chosen arguments against their operation (immediate)."""

    id: str
    choice: Choice
    not_before: datetime


class JudgeCall(msgspec.Struct, frozen=True, kw_only=True):
    """Put a request before the policy (immediate)."""

    id: str
    agent: str
    choice: Choice
    request: Request
    not_before: datetime


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """Review a result by code (immediate)."""

    id: str
    step: int
    call: str
    tool: str
    output: Content
    criteria: str
    not_before: datetime


class SendCall(msgspec.Struct, frozen=True, kw_only=True):
    """Claim the next attempt of a call, then send it."""

    id: str
    choice: Choice
    request: Request
    idempotency_key: str
    attempt: int
    deadline: datetime
    not_before: datetime


class LapseLease(msgspec.Struct, frozen=True, kw_only=True):
    """Record that an attempt's lease ended without an answer."""

    id: str
    call: str
    attempt: int
    not_before: datetime


class ExpireApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Record that nobody answered in time."""

    id: str
    approval: str
    not_before: datetime


Immediate: TypeAlias = FindTools | CheckArguments | JudgeCall | CheckResult
Effect: TypeAlias = Immediate | AskModel | SendCall | LapseLease | ExpireApproval

IMMEDIATE = (FindTools, CheckArguments, JudgeCall, CheckResult)


def outstanding(state: Session | None) -> list[Effect]:
    """Return everything that a session owes now or from a later time on."""
    if state is None:
        return []
    owed = [*_owed(state), *(effect for letter in state.letters for effect in _owed_by_letter(letter))]
    if state.paused and not state.ended:
        return [effect for effect in owed if isinstance(effect, LapseLease | ExpireApproval)]
    return owed


def _owed(state: Session) -> list[Effect]:
    match state.stage:
        case Planning(model=ModelCall() as model) | Answering(model=model):
            return [_owed_by_model_call(state, model)]
        case Executing():
            steps = (state.steps[number - 1] for number in state.open)
            return [effect for step in steps for effect in _owed_by_step(state, step)]
        case Ended():
            stages = (state.steps[number - 1].stage for number in state.open)
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
            return _owed_by_call(step.stage)
        case Inspecting(call=call, tool=tool, output=output):
            inspect = CheckResult(
                id=f"inspect-{call}",
                step=step.number,
                call=call,
                tool=tool,
                output=output,
                criteria=step.plan.criteria,
                not_before=now,
            )
            return [inspect]
        case Waiting() | Choosing() | Asking() | Accepted() | Failed():
            return []
        case _:
            assert_never(step.stage)


def _owed_by_call(calling: Calling) -> list[Effect]:
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


def _owed_by_letter(letter: DeadLetter) -> list[Effect]:
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
    return _owed_by_call(calling)


def claimed_by(state: Session | None, worker: str) -> list[AskModel]:
    """Return the questions that a worker has claimed and must ask."""
    if state is None or state.ended or state.paused:
        return []
    return [_ask_model(state, model) for model in _model_calls(state) if model.lease_until and model.worker == worker]


def _model_calls(state: Session) -> list[ModelCall]:
    match state.stage:
        case Planning(model=ModelCall() as model) | Answering(model=model):
            return [model]
        case _:
            stages = (state.steps[number - 1].stage for number in state.open)
            return [
                stage.model for stage in stages if isinstance(stage, Choosing | Reviewing) and stage.model is not None
            ]


def _owed_by_model_call(state: Session, model: ModelCall) -> FindTools | AskModel | LapseLease:
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
    if model.lease_until is None:
        return _ask_model(state, model)
    lapse = f"lapse-{model.id}-m{model.attempt}"
    return LapseLease(id=lapse, call=model.id, attempt=model.attempt, not_before=model.lease_until)


def _ask_model(state: Session, model: ModelCall) -> AskModel:
    due = model.not_before or state.updated_at
    return AskModel(id=f"{model.id}-m{model.attempt}", model=model, not_before=due)
