"""Decide about the models' part: the plan, the choices, the reviews' wording and the answer."""

from collections.abc import Sequence
from datetime import datetime

from domain.content import Content
from domain.retry import backoff
from domain.session.events import (
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    PlanProposed,
    ResultStated,
    SessionCompleted,
    SessionConsequence,
    SessionFailed,
    Sourced,
    ToolChosen,
)
from domain.session.replies import Unreadable, read_answer, read_choice, read_plan
from domain.session.reviewing import on_review
from domain.session.state import Answering, Choosing, ModelCall, Planning, Reviewing, Session, Step
from domain.session.steps import fail_step, start


def begin(state: Session) -> Sequence[SessionConsequence]:
    """Ask the planner for a plan."""
    planner = state.agent_in_role("planner")
    if not planner:
        return (SessionFailed(reason="no agent has the role planner"),)
    return (ModelCallRequested(call="plan", purpose="plan", agent=planner, recipe="plan.v1"),)


def on_reply(state: Session, fact: ModelReplied, at: datetime) -> Sequence[SessionConsequence]:
    """Use a reply that is waited for; ask again, within bounds, where it cannot be read."""
    model, step = pending_model_call(state, fact.call)
    if state.ended or model is None or model.attempt != fact.attempt:
        return ()
    try:
        return _use(state, step, model, fact.reply)
    except Unreadable as fault:
        return _ask_again(state, step, model, str(fault), at)


def on_model_failure(state: Session, fact: ModelFailed, at: datetime) -> Sequence[SessionConsequence]:
    """Ask a model again after a wait while that can help, else give up."""
    model, step = pending_model_call(state, fact.call)
    if model is None or model.attempt != fact.attempt:
        return ()
    if not fact.retryable or model.attempt >= state.limits.model_attempts:
        return _give_up(step, f"the model could not be asked: {fact.reason}")
    wait = backoff(
        model.attempt,
        base_ms=state.limits.retry_base_ms,
        cap_ms=state.limits.retry_cap_ms,
        jitter_permille=fact.jitter_permille,
        at_least_ms=fact.retry_after_ms,
    )
    return (ModelRetryScheduled(call=model.id, attempt=model.attempt + 1, not_before=at + wait, fault=model.fault),)


def pending_model_call(state: Session, call: str) -> tuple[ModelCall | None, Step | None]:
    """Find the question that a reply answers, and its step where it has one."""
    match state.stage:
        case Planning(model=ModelCall() as model) | Answering(model=model) if model.id == call:
            return model, None
        case _:
            pass
    step = state.step_awaiting(call)
    match step.stage if step else None:
        case Choosing(model=ModelCall() as model) | Reviewing(model=model):
            return model, step
        case _:
            return None, None


def _use(state: Session, step: Step | None, model: ModelCall, reply: Content) -> Sequence[SessionConsequence]:
    if step is None:
        if model.purpose == "plan":
            steps = read_plan(state, reply)
            first = [(number, plan) for number, plan in enumerate(steps, 1) if not plan.after]
            return (PlanProposed(steps=steps), *start(first, room=state.limits.parallel_steps))
        return (SessionCompleted(answer=read_answer(reply)),)
    if isinstance(step.stage, Choosing):
        return (_chosen(step, model, reply),)
    return on_review(state, step, reply)


def _chosen(step: Step, model: ModelCall, reply: Content) -> SessionConsequence:
    choice = read_choice(reply)
    call = f"call-{step.number}-{step.round}"
    if choice.result:
        stated = Content(text=choice.result, size=len(choice.result.encode()))
        return ResultStated(step=step.number, call=call, output=stated)
    arguments = Sourced(value=choice.arguments, source=f"model:{model.id}")
    return ToolChosen(step=step.number, call=call, tool=choice.tool, arguments=arguments)


def _ask_again(
    state: Session, step: Step | None, model: ModelCall, fault: str, at: datetime
) -> Sequence[SessionConsequence]:
    if model.attempt >= state.limits.model_attempts:
        return _give_up(step, f"the model's reply could not be used: {fault}")
    return (ModelRetryScheduled(call=model.id, attempt=model.attempt + 1, not_before=at, fault=fault),)


def _give_up(step: Step | None, reason: str) -> Sequence[SessionConsequence]:
    return fail_step(step.number, reason) if step else (SessionFailed(reason=reason),)
