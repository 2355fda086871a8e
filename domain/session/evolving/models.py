"""Apply what happens to a question that goes to a model."""

from collections.abc import Mapping
from typing import Any, assert_never

from msgspec.structs import replace

from domain.session import recalling
from domain.session.events import (
    CatalogMigrated,
    LeaseLapsed,
    MemoriesRecalled,
    ModelCallAttempted,
    ModelCallRequested,
    ModelRetryScheduled,
    PlanChecked,
    ToolsFound,
)
from domain.session.planning import pending_model_call, pending_model_calls
from domain.session.shown_plan import shown_plan
from domain.session.state import (
    Answering,
    Choosing,
    Executing,
    Inspecting,
    ModelCall,
    Planning,
    Reviewing,
    Session,
)

FREE = {"lease_until": None, "reassigned": ()}
"""Changes a question to one that nobody has claimed; who claimed it before may still bring the answer to it."""

ANEW = {"plan": None, "catalog": "", "worker": "", "strategy": ""}
"""Changes a question to one that nothing is settled of: it shows what there is when it is asked."""


def asked(state: Session, event: ModelCallRequested) -> Session:
    """Wait for the answer to a new question."""
    model = ModelCall(id=event.call, purpose=event.purpose, agent=event.agent, recipe=event.recipe, step=event.step)
    match event.purpose:
        case "plan":
            return replace(state, stage=Planning(model=model))
        case "replan":
            return replace(state, stage=Executing(replan=model)) if isinstance(state.stage, Executing) else state
        case "answer":
            return replace(state, stage=Answering(model=model))
        case "choose" | "repair" | "review":
            return _asked_for_step(state, model)
        case _:
            assert_never(event.purpose)


def _asked_for_step(state: Session, model: ModelCall) -> Session:
    step = state.step(model.step)
    if step is None:
        return state
    match step.stage:
        case Choosing():
            return state.with_stage(step, Choosing(model=model))
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
            return state.with_stage(step, reviewing)
        case _:
            return state


def found(state: Session, event: ToolsFound) -> Session:
    """Keep the tools that a question shows."""
    return _changed(state, event.call, _attempt(state, event.call), {"found": event.found})


def recalled(state: Session, event: MemoriesRecalled) -> Session:
    """Keep the memories that a question shows."""
    shown = _changed(state, event.call, _attempt(state, event.call), {"recalled": event.memories})
    return recalling.after(shown, event)


def _attempt(state: Session, call: str) -> int:
    """Return which attempt waits: a later one where the question was asked anew before anybody had looked for it."""
    model, _ = pending_model_call(state, call)
    return model.attempt if model else 0


def claimed(state: Session, event: ModelCallAttempted) -> Session:
    """Know which worker asks, and until when; a claim that settles its question lets nothing change it any more."""
    model, _ = pending_model_call(state, event.call)
    settled = {"plan": shown_plan(state, model)} if model and event.settles else ANEW
    claim = {"worker": event.worker, "lease_until": event.lease_until, "strategy": event.strategy}
    return _changed(state, event.call, event.attempt, {**settled, **claim})


def lapsed(state: Session, event: LeaseLapsed) -> Session:
    """Let any worker ask a question whose lease ended without an answer."""
    return _changed(state, event.call, event.attempt, FREE)


def retried(state: Session, event: ModelRetryScheduled) -> Session:
    """Let the next attempt be due."""
    again = {"attempt": event.attempt, "not_before": event.not_before, "fault": event.fault, **ANEW, **FREE}
    return _changed(state, event.call, event.attempt - 1, again)


def moved(state: Session, event: CatalogMigrated) -> Session:
    """Go over to another snapshot; what is being asked stays on the one that it was asked on."""
    for model in pending_model_calls(state):
        if not model.catalog:
            state = _changed(state, model.id, model.attempt, {"catalog": state.catalog})
    return replace(state, catalog=event.catalog)


def reassigned(state: Session, event: PlanChecked) -> Session:
    """Keep which steps of a plan that is sound go to other agents."""
    return _changed(state, event.call, event.attempt, {"reassigned": event.reassigned})


def _changed(state: Session, call: str, attempt: int, changes: Mapping[str, Any]) -> Session:
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
            return state.with_stage(step, replace(stage, model=replace(model, **changes)))
        case _:
            return state
