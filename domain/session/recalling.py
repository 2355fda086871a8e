"""Decide before which questions memories are recalled, and keep what was: a recall is a fact like any other.

Planners and the agents that choose are shown memories, where their session's goal asks for it. Whatever an agent makes
of them carries their labels.
"""

from msgspec.structs import replace

from domain.labels import Label, joined
from domain.memory.recalling import label_of
from domain.session.events import MemoriesRecalled
from domain.session.state import ModelCall, Session

PLANNING = ("plan", "replan")
"""Names the questions to planners: they are shown only memories that a plan may rest on."""


def recalls(state: Session, model: ModelCall) -> bool:
    """Tell whether memories must be recalled before a question is asked."""
    use = state.memory
    return use is not None and use.recall > 0 and model.recalled is None and model.purpose in (*PLANNING, "choose")


def after(state: Session, event: MemoriesRecalled) -> Session:
    """Label what the plan or the step that asks is made of from now on by what it was shown."""
    if not event.memories:
        return state
    label = label_of(event.memories)
    state = replace(state, seen=_also(state.seen, label))
    step = state.step_awaiting(event.call)
    if step is None:
        return replace(state, recalled=_also(state.recalled, label))
    return state.with_step(replace(step, recalled=_also(step.recalled, label)))


def _also(known: Label | None, label: Label) -> Label:
    return joined([known, label] if known else [label])
