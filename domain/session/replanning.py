"""Plan the rest anew where a step cannot be finished, as often as a session's limits let it.

What was accepted, runs or failed stays; of the steps that wait, the planner says which are left out or planned anew.
It is shown what came of each step in words of ours alone, a kind of failure and a status: no word of a tool, an agent
or a reviewer. So what it binds cannot have been talked into it, and the plan stays worth what it was.
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from domain.content import Content
from domain.session.assigning import assigned
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ArgumentsChecked,
    BudgetShort,
    CallExpired,
    CallFailed,
    CallSucceeded,
    ChangedStep,
    LeaseLapsed,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    PlanRevised,
    ReplanRequested,
    ResultChecked,
    SessionConsequence,
    SessionFact,
    SessionFailed,
    StepFailed,
    VerdictReached,
)
from domain.session.replies import StepDraft, Unreadable, planned, read_drafts
from domain.session.state import (
    Accepted,
    Dropped,
    Executing,
    Failed,
    ModelCall,
    Reviewing,
    Session,
    Setback,
    Step,
    Waiting,
)
from domain.session.steps import start

KINDS = {
    "arguments": "its arguments did not fit the tool",
    "policy": "the policy denied the call",
    "person": "a person said no",
    "nobody": "nobody approved it in time",
    "refused": "the tool refused the call",
    "unanswered": "the tool did not answer",
    "late": "it could not be called in time",
    "result": "the result was not sound",
    "reviewer": "the reviewer rejected the result",
    "plan": "the reviewer says that the rest of the plan cannot reach the goal",
    "model": "no model answered as it should",
    "filtered": "what the tool said was not let through",
    "allowance": "its agent has used up what it may use",
    "other": "it could not be finished",
}
"""Says of each kind of failure what a planner is told of it."""


def offered(state: Session, fact: SessionFact, drawn: Sequence[SessionConsequence]) -> Sequence[SessionConsequence]:
    """Ask the planner for another way in place of the end that a failed step would be, where limits leave one."""
    end = drawn[-1] if drawn else None
    failed = next((each for each in drawn if isinstance(each, StepFailed)), None)
    if failed is None or not isinstance(end, SessionFailed) or end.limit or not state.agent_in_role("planner"):
        return drawn
    kind, status = _kind(state, fact)
    asked = pending(state)
    if asked is None and not may_replan(state):
        return drawn
    if asked:  # what it proposes may not build upon this step either
        return (*drawn[:-1], ReplanRequested(step=failed.step, kind=kind, status=status))
    return (*drawn[:-1], *another_way(state, failed.step, kind, status))


def may_replan(state: Session) -> bool:
    """Tell whether limits let the rest of a plan be planned anew once more."""
    return len(state.setbacks) < state.limits.replans and bool(state.agent_in_role("planner"))


def another_way(state: Session, step: int, kind: str, status: int = 0) -> Sequence[SessionConsequence]:
    """Ask the planner for another way behind a step."""
    call, planner = f"replan-{len(state.setbacks) + 1}", state.agent_in_role("planner")
    question = ModelCallRequested(call=call, purpose="replan", agent=planner, recipe="replan.v1")
    return (ReplanRequested(step=step, kind=kind, status=status), question)


def pending(state: Session) -> ModelCall | None:
    """Return the question for the rest of a plan that waits for its answer."""
    return state.stage.replan if isinstance(state.stage, Executing) else None


def _kind(state: Session, fact: SessionFact) -> tuple[str, int]:
    """Name the kind of failure that a fact made final, with the status that the tool answered."""
    match fact:
        case CallFailed(failure="rejected", status=status):
            return "refused", status
        case CallFailed(status=status):
            return "unanswered", status
        case LeaseLapsed():
            return "unanswered", 0
        case ModelReplied():
            step = state.step_awaiting(fact.call)
            return ("reviewer" if step and isinstance(step.stage, Reviewing) else "model"), 0
        case _:
            return _KIND_OF.get(type(fact), "other"), 0


_KIND_OF: dict[type, str] = {
    ArgumentsChecked: "arguments",
    VerdictReached: "policy",
    ApprovalDenied: "person",
    ApprovalExpired: "nobody",
    CallExpired: "late",
    ResultChecked: "result",
    CallSucceeded: "filtered",
    ModelFailed: "model",
    BudgetShort: "allowance",
}


# What it answers


def revision(state: Session, drafts: Sequence[StepDraft]) -> PlanRevised:
    """Return what drafts make of the rest of a plan; raise Unreadable with what is wrong."""
    first = len(state.steps) + 1
    if not drafts:
        raise Unreadable("expected at least one step that leads to the goal from here")
    if len(drafts) + _kept(state) > state.limits.steps:
        raise Unreadable(f"expected at most {state.limits.steps} steps in all, with those that are done or run")
    asked = pending(state)
    written = tuple(planned(state, number, draft) for number, draft in enumerate(drafts, first))
    steps = assigned(written, asked.reassigned if asked else (), first)
    usable = {step.number for step in state.steps if isinstance(step.stage, Accepted) or step.number in state.open}
    for number, step in enumerate(steps, first):
        lost = [other for other in step.after if other < first and other not in usable]
        if lost:
            raise Unreadable(f"step {number} waits for step {lost[0]}, which is neither done nor running")
    waiting = [step.number for step in state.steps if isinstance(step.stage, Waiting)]
    changed = _changed(drafts, first, waiting)
    replaced = {each.step for each in changed}
    return PlanRevised(
        steps=steps,
        first=first,
        changed=changed,
        removed=tuple(number for number in waiting if number not in replaced),
    )


def _kept(state: Session) -> int:
    return sum(isinstance(step.stage, Accepted) or step.number in state.open for step in state.steps)


def _changed(drafts: Sequence[StepDraft], first: int, waiting: Collection[int]) -> tuple[ChangedStep, ...]:
    found = [ChangedStep(step=draft.instead, by=number) for number, draft in enumerate(drafts, first) if draft.instead]
    named = [each.step for each in found]
    for each in found:
        if each.step not in waiting or named.count(each.step) > 1:
            raise Unreadable(f"step {each.by} may stand instead of one step that waits, but names step {each.step}")
    return tuple(found)


def on_replan(state: Session, reply: Content) -> Sequence[SessionConsequence]:
    """Follow the planner's other way: begin what waits for nothing more; raise Unreadable."""
    revised = revision(state, read_drafts(state, reply))
    accepted = {step.number for step in state.steps if isinstance(step.stage, Accepted)}
    ready = [
        (number, step) for number, step in enumerate(revised.steps, revised.first) if accepted.issuperset(step.after)
    ]
    room = state.limits.parallel_steps - len(state.open)
    return (revised, *start(state, ready, room=room))


def on_no_replan(state: Session, reason: str) -> Sequence[SessionConsequence]:
    """Let the session fail as it would have without asking."""
    number = state.setbacks[-1].step
    stage = state.steps[number - 1].stage
    was = stage.reason if isinstance(stage, Failed) else KINDS["plan"]
    return (SessionFailed(reason=f"step {number}: {was}; and there is no other plan: {reason}"),)


# What becomes of the state


def requested(state: Session, event: ReplanRequested) -> Session:
    """Remember a setback."""
    setback = Setback(step=event.step, kind=event.kind, status=event.status)
    return replace(state, setbacks=(*state.setbacks, setback))


def revised(state: Session, event: PlanRevised) -> Session:
    """Leave out what waited, and add what was planned in its place."""
    if not isinstance(state.stage, Executing) or event.first != len(state.steps) + 1:
        return state
    kept = tuple(replace(step, stage=Dropped()) if isinstance(step.stage, Waiting) else step for step in state.steps)
    added = tuple(
        Step(number=number, plan=plan, stage=Waiting()) for number, plan in enumerate(event.steps, event.first)
    )
    return replace(state, stage=Executing(), steps=(*kept, *added))
