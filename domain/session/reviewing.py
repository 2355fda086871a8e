"""Decide about results: first what code found, then what the reviewer says."""

from collections.abc import Sequence

from domain.content import Content
from domain.session.events import ModelCallRequested, ResultChecked, SessionConsequence, StepAccepted
from domain.session.replanning import another_way, may_replan, pending
from domain.session.replies import REVIEW_OF_PLAN, read_review
from domain.session.state import Inspecting, ModelCall, Session, Step
from domain.session.steps import accept, fail_step, send_back


def on_result(state: Session, fact: ResultChecked) -> Sequence[SessionConsequence]:
    """Send a result with problems back; ask the reviewer about a sound one, where the session has a reviewer."""
    step = state.step_awaiting(fact.call)
    if step is None or not isinstance(step.stage, Inspecting):
        return ()
    if fact.problems:
        return send_back(state, step, "; ".join(fact.problems))
    reviewer = state.agent_in_role("reviewer")
    if not reviewer:
        return accept(state, step)
    call = f"review-{step.number}-{step.round}"
    recipe = REVIEW_OF_PLAN if may_replan(state) else "review.v1"
    return (ModelCallRequested(call=call, purpose="review", agent=reviewer, recipe=recipe, step=step.number),)


def on_review(state: Session, step: Step, model: ModelCall, reply: Content) -> Sequence[SessionConsequence]:
    """Follow the reviewer's verdict: accept, rework or plan anew within bounds, or fail; raise Unreadable."""
    review = read_review(reply, model.recipe)
    match review.verdict:
        case "accept":
            return accept(state, step)
        case "rework":
            return send_back(state, step, review.reason)
        case "replan" if pending(state):
            return accept(state, step)  # the rest is being planned anew already
        case "replan" if may_replan(state):
            return (StepAccepted(step=step.number), *another_way(state, step.number, "plan"))
        case "replan":
            return fail_step(step.number, f"the reviewer says that the plan cannot work: {review.reason}")
        case "fail":
            return fail_step(step.number, f"the reviewer rejected the result: {review.reason}")
