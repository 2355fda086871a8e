"""Say what a question shows of the plan beyond its own step: what came of each step, or what others will read.

Nothing else that a question shows changes while its answer is awaited; this does, for other steps end and the plan is
revised meanwhile. So the first claim of an attempt that settles its question keeps it as it stands then
(``ModelCall.plan``), and the prompt is the same whenever it is built again.
"""

from domain.session.replanning import KINDS
from domain.session.replies import CONCLUDE, RESEARCH
from domain.session.state import Accepted, Dropped, Failed, ModelCall, Session, Setback, Step, Waiting


def shown_plan(state: Session, model: ModelCall) -> str | None:
    """Return what a question shows of the plan: None where it never shows any, an empty text where there is nothing."""
    if model.plan is not None:
        return model.plan
    if model.purpose == "replan":
        return f"PLAN SO FAR\n{so_far(state)}"
    return _awaited(state, model.step) if model.recipe in (RESEARCH, CONCLUDE) else None


def so_far(state: Session) -> str:
    """Say what came of each step of the plan, in words that no tool, agent or reviewer wrote."""
    told = {setback.step: setback for setback in state.setbacks}
    return "\n".join(f"{step.number}. {_named(step)}: {_status(step, told.get(step.number))}" for step in state.steps)


def _named(step: Step) -> str:
    return f"{step.plan.goal} [{step.plan.tool}]" if step.plan.tool else step.plan.goal


def _status(step: Step, setback: Setback | None) -> str:
    match step.stage:
        case Accepted():
            return f"done, but {KINDS.get(setback.kind, KINDS['other'])}" if setback else "done"
        case Failed():
            kind = setback.kind if setback else "other"
            status = f", status {setback.status}" if setback and setback.status else ""
            return f"failed: {KINDS.get(kind, KINDS['other'])}{status}"
        case Dropped():
            return "left out"
        case Waiting():
            return "waits"
        case _:
            return "runs"


def _awaited(state: Session, number: int) -> str:
    """Tell a researcher which of its findings the plan binds to later calls."""
    lines = [
        f"- {slot.pointer} for {slot.argument} of {later.plan.tool}"
        for later in state.steps
        for slot in later.plan.slots
        if slot.step == number
    ]
    return "THE PLAN READS FROM YOUR FINDINGS\n" + "\n".join(lines) if lines else ""
