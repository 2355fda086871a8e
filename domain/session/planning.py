"""Decide about the models' part: the plan, the choices, the reviews' wording and the answer.

A plan is made from the goal, its context, the agents and their tools: the planner is shown no output of any tool. So
what it binds to a call cannot have been talked into it. Its reply, from behaviour 2 on::

    {"steps": [
      {"goal": "find the bill", "agent": "executor", "tool": "read_file",
       "slots": [{"argument": "/query/path", "value": "bill.txt"}]},
      {"goal": "pay it", "after": [1], "criteria": "paid once", "tool": "send_money",
       "slots": [{"argument": "/body/recipient", "step": 1, "pointer": "/0/iban"},
                 {"argument": "/body/subject", "value": "Rent"}]}]}

Only ``goal`` is needed. ``tool`` names the one call of a step. A slot's ``argument`` is a JSON pointer into that call's
arguments, which are grouped as path, query, header, cookie and body; it is bound to a ``value`` that the planner takes
from the goal, or to where a ``pointer`` leads in the JSON output of an earlier ``step`` ("" is all of it). A step that
reads another's output waits for it, whether ``after`` says so or not.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.content import Content
from domain.retry import backoff
from domain.session import researching
from domain.session.assigning import assigned
from domain.session.events import (
    DescriptionRequested,
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
    ToolDescribed,
)
from domain.session.mending import on_no_repair, on_repair
from domain.session.provenance import answer_label, choice_label
from domain.session.replanning import on_no_replan, on_replan
from domain.session.replies import (
    CONCLUDE,
    RESEARCH,
    Unreadable,
    read_answer,
    read_choice,
    read_plan,
    read_question,
    read_summary,
    said_at_once,
)
from domain.session.reviewing import on_review
from domain.session.slots import binds_slots
from domain.session.state import Answering, Choosing, Executing, ModelCall, Planning, Reviewing, Session, Step
from domain.session.steps import ANSWER_AND_SUM, CHOOSE_OR_ASK, FOUND_OUT_SINCE, ask_again, fail_step, start


def begin(state: Session) -> Sequence[SessionConsequence]:
    """Ask the planner for a plan."""
    planner = state.agent_in_role("planner")
    if not planner:
        return (SessionFailed(reason="no agent has the role planner"),)
    recipe = "plan.v2" if binds_slots(state) else "plan.v1"
    return (ModelCallRequested(call="plan", purpose="plan", agent=planner, recipe=recipe),)


def on_reply(state: Session, fact: ModelReplied, at: datetime) -> Sequence[SessionConsequence]:
    """Use a reply that is waited for; ask again, within bounds, where it cannot be read."""
    model, step = pending_model_call(state, fact.call)
    if state.ended or model is None or model.attempt != fact.attempt:
        return ()
    try:
        if denied := state.denial_of(fact.call, fact.attempt):
            raise Unreadable(denied)
        return _use(state, step, model, fact.reply)
    except Unreadable as fault:
        several = state.behaviour >= FOUND_OUT_SINCE and said_at_once(fact.reply)
        return _ask_again(state, step, model, several or str(fault), at)


def on_model_failure(state: Session, fact: ModelFailed, at: datetime) -> Sequence[SessionConsequence]:
    """Ask a model again after a wait while that can help, else give up."""
    model, step = pending_model_call(state, fact.call)
    if model is None or model.attempt != fact.attempt:
        return ()
    if not fact.retryable or model.attempt >= state.limits_of(model.agent).model_attempts:
        return give_up(state, step, model, f"the model could not be asked: {fact.reason}")
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
        case Executing(replan=ModelCall() as model) if model.id == call:
            return model, None
        case _:
            pass
    step = state.step_awaiting(call)
    match step.stage if step else None:
        case Choosing(model=ModelCall() as model) | Reviewing(model=model):
            return model, step
        case _:
            return None, None


def pending_model_calls(state: Session) -> list[ModelCall]:
    """Return the questions that wait for an answer."""
    match state.stage:
        case Planning(model=ModelCall() as model) | Answering(model=model):
            return [model]
        case _:
            stages = (step.stage for step in state.open_steps)
            replan = state.stage.replan if isinstance(state.stage, Executing) else None
            asked = [stage.model for stage in stages if isinstance(stage, Choosing | Reviewing)]
            return [model for model in (replan, *asked) if model is not None]


def _use(state: Session, step: Step | None, model: ModelCall, reply: Content) -> Sequence[SessionConsequence]:
    if model.purpose == "replan":
        return on_replan(state, reply)
    if step is None:
        if model.purpose == "plan":
            steps = assigned(read_plan(state, reply), model.reassigned)
            first = [(number, plan) for number, plan in enumerate(steps, 1) if not plan.after]
            return (PlanProposed(steps=steps), *start(state, first, room=state.limits.parallel_steps))
        label = answer_label(state) if binds_slots(state) else None
        summary = read_summary(reply) if model.recipe == ANSWER_AND_SUM else ""
        return (SessionCompleted(answer=read_answer(reply), label=label, summary=summary),)
    if model.purpose == "repair":
        return on_repair(state, step, model, reply)
    if isinstance(step.stage, Choosing):
        asked = _asked(step, model, reply) if model.recipe in (CHOOSE_OR_ASK, RESEARCH) else None
        chosen = researching.chosen if model.recipe in (RESEARCH, CONCLUDE) else _chosen
        return (asked or chosen(state, step, model, reply),)
    return on_review(state, step, model, reply)


def on_description(state: Session, fact: ToolDescribed) -> Sequence[SessionConsequence]:
    """Ask a step's agent for its choice again, with what it was told."""
    step = state.step(fact.step)
    waits = step is not None and step.number in state.open and step.stage == Choosing()
    return (ask_again(state, step),) if step is not None and waits else ()


def _asked(step: Step, model: ModelCall, reply: Content) -> SessionConsequence | None:
    question = read_question(step, reply)
    if question is None:
        return None
    return DescriptionRequested(step=step.number, call=model.id, tool=question.describe, at=question.at)


def _chosen(state: Session, step: Step, model: ModelCall, reply: Content) -> SessionConsequence:
    choice = read_choice(reply)
    call = f"call-{step.number}-{step.round}"
    if choice.result:
        stated = Content(text=choice.result, size=len(choice.result.encode()))
        label = choice_label(state, step) if binds_slots(state) else None
        return ResultStated(step=step.number, call=call, output=stated, label=label)
    arguments = Sourced(value=choice.arguments, source=f"model:{model.id}")
    return ToolChosen(step=step.number, call=call, tool=choice.tool, arguments=arguments)


def _ask_again(
    state: Session, step: Step | None, model: ModelCall, fault: str, at: datetime
) -> Sequence[SessionConsequence]:
    if model.attempt >= state.limits_of(model.agent).model_attempts:
        return give_up(state, step, model, f"the model's reply could not be used: {fault}")
    return (ModelRetryScheduled(call=model.id, attempt=model.attempt + 1, not_before=at, fault=fault),)


def give_up(state: Session, step: Step | None, model: ModelCall, reason: str) -> Sequence[SessionConsequence]:
    """Go on without an answer to a question where that can be, else give up its step, or the session."""
    if model.purpose == "replan":
        return on_no_replan(state, reason)
    if step and model.purpose == "repair":
        return on_no_repair(state, step)
    return fail_step(step.number, reason) if step else (SessionFailed(reason=reason),)
