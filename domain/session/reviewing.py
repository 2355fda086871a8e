"""Decide about results: first what code found, then what the reviewer says."""

from collections.abc import Sequence

from domain.content import Content
from domain.session.events import ModelCallRequested, ResultChecked, SessionConsequence
from domain.session.replies import read_review
from domain.session.state import Inspecting, Session, Step
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
    return (ModelCallRequested(call=call, purpose="review", agent=reviewer, recipe="review.v1", step=step.number),)


def on_review(state: Session, step: Step, reply: Content) -> Sequence[SessionConsequence]:
    """Follow the reviewer's verdict: accept, rework within bounds, or fail; raise Unreadable."""
    review = read_review(reply)
    match review.verdict:
        case "accept":
            return accept(state, step)
        case "rework":
            return send_back(state, step, review.reason)
        case "fail":
            return fail_step(step.number, f"the reviewer rejected the result: {review.reason}")
