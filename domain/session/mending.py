"""Let the toolsmith mend a call once, before it goes back to the agent that chose it.

Arguments that make no request, and those that a tool refused by a status which says so, are shown to the toolsmith with
the tool's schema and what was wrong. What it answers is checked and judged like any other choice. If that does not do
either, or the toolsmith has no answer, the step's own agent is asked.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from domain.content import Content
from domain.session.events import (
    CallFailed,
    ModelCallRequested,
    RepairRequested,
    SessionConsequence,
    Sourced,
    ToolChosen,
)
from domain.session.replies import Unreadable, read_choice
from domain.session.state import Calling, Checking, Choosing, ModelCall, Session, Step
from domain.session.steps import ask_for_choice, send_back

MENDABLE = frozenset({400, 404, 409, 422})
"""Statuses by which a tool says that what it was asked is wrong, and not who asks or when."""


def mend_or_send_back(state: Session, step: Step, problem: str) -> Sequence[SessionConsequence]:
    """Ask the toolsmith about a call that failed, once for each choice of its agent; else send the step back."""
    toolsmith = state.agent_in_role("toolsmith")
    choice = step.stage.choice if isinstance(step.stage, Checking | Calling) else None
    chosen = choice is not None and choice.arguments.source.startswith("model:choose-")
    if not toolsmith or not chosen or _used_up(state, step):
        return send_back(state, step, problem)
    again = step.round + 1
    return (
        RepairRequested(step=step.number, round=again, tool=choice.tool if choice else "", problem=problem),
        ModelCallRequested(
            call=f"repair-{step.number}-{again}",
            purpose="repair",
            agent=toolsmith,
            recipe="repair.v1",
            step=step.number,
        ),
    )


def is_mendable(fact: CallFailed) -> bool:
    """Tell whether a tool refused what it was asked, in a way that other arguments may help."""
    return fact.failure == "rejected" and fact.status in MENDABLE


def _used_up(state: Session, step: Step) -> bool:
    return step.tries > state.limits_of(step.plan.agent).rework_rounds


def requested(state: Session, event: RepairRequested) -> Session:
    """Return a session whose step waits for the toolsmith, with what is to be mended."""
    step = state.step(event.step)
    if step is None or not isinstance(step.stage, Checking | Calling):
        return state
    waiting = replace(
        step,
        stage=Choosing(),
        round=event.round,
        instructions=event.problem,
        broken=step.stage.choice,
    )
    return state.with_step(waiting)


def chosen(state: Session, event: ToolChosen) -> Session:
    """Count the round of a step as the toolsmith's where its words are what is tried."""
    step = state.step(event.step)
    if step is None or not event.arguments.source.startswith("model:repair-"):
        return state
    return state.with_step(replace(step, mended=step.mended + 1))


def on_repair(state: Session, step: Step, model: ModelCall, reply: Content) -> Sequence[SessionConsequence]:
    """Choose what the toolsmith made of the call, or ask the step's agent where it has no answer; raise Unreadable."""
    choice, tool = read_choice(reply), step.broken.tool if step.broken else ""
    if choice.result:
        return on_no_repair(state, step)
    if choice.tool != tool:
        raise Unreadable(f"expected arguments for {tool}, and for no other tool")
    arguments = Sourced(value=choice.arguments, source=f"model:{model.id}")
    return (ToolChosen(step=step.number, call=f"call-{step.number}-{step.round}", tool=tool, arguments=arguments),)


def on_no_repair(state: Session, step: Step) -> Sequence[SessionConsequence]:
    """Ask the step's agent in the round in which the toolsmith had no answer."""
    return (ask_for_choice(state, step.number, step.round, step.plan.agent),)
