"""Decide about what filters and checks say: what one denied is not used, and why is said to whoever wrote it."""

from collections.abc import Sequence

from msgspec.structs import replace

from domain.session.events import (
    AnswerChecked,
    CallFailed,
    CallSucceeded,
    ContentFiltered,
    MemoriesRecalled,
    PlanChecked,
    SessionConsequence,
    SessionFact,
    SessionFailed,
    ToolDescribed,
)
from domain.session.state import Denial, Session
from domain.session.steps import fail_step

NO_ATTEMPT = 0
"""Stands in a verdict on what is told about a tool, which answers no attempt at anything."""
BEFORE_ATTEMPTS = -1
"""Stands in a verdict on what was recalled for a question, in which a tool may be told about too."""


def after(state: Session, event: ContentFiltered) -> Session:
    """Remember a denial until what it is about arrives."""
    if event.decision != "deny" or event.place == "goal":
        return state
    denial = Denial(
        call=event.call, attempt=event.attempt, reason=f"the filter {event.filter} denied it: {event.reason}"
    )
    return replace(state, denied=(*state.denied, denial))


def refused(state: Session, event: AnswerChecked | PlanChecked) -> Session:
    """Remember why an answer or a plan is not used until it arrives."""
    denial = Denial(call=event.call, attempt=event.attempt, reason="; ".join(event.problems))
    return replace(state, denied=(*state.denied, denial))


def on_filtered(state: Session, fact: ContentFiltered) -> Sequence[SessionConsequence]:
    """End a session whose goal was denied; whatever else was denied is decided about when it arrives."""
    if fact.place == "goal" and fact.decision == "deny" and not state.ended:
        return (SessionFailed(reason=f"the filter {fact.filter} denied the goal: {fact.reason}"),)
    return ()


def unheard(state: Session, fact: SessionFact) -> SessionFact:
    """Return a failure without its words where a filter denied them: that it failed counts, and nothing it says."""
    reason = state.denial_of(fact.call, fact.attempt) if isinstance(fact, CallFailed) and state.denied else ""
    return replace(fact, reason=reason) if isinstance(fact, CallFailed) and reason else fact


def told(state: Session, fact: ToolDescribed) -> str:
    """Return what an agent is told about a tool: what its document says, or that a filter denied that."""
    return state.denial_of(fact.call, NO_ATTEMPT) or fact.text


def remembered(state: Session, fact: MemoriesRecalled) -> MemoriesRecalled:
    """Return what was recalled, or where a filter denied that, nothing but why."""
    reason = state.denial_of(fact.call, BEFORE_ATTEMPTS)
    return replace(fact, memories=(), problem=reason) if reason else fact


def on_output(state: Session, fact: CallSucceeded) -> Sequence[SessionConsequence]:
    """Give up the step whose answer was denied: its call has happened, and nobody may use what it said."""
    reason, step = state.denial_of(fact.call, fact.attempt), state.step_awaiting(fact.call)
    return fail_step(step.number, reason) if reason and step else ()
