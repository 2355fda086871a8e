"""Move steps on: start them, send them back, give them up, and go on to what became ready."""

from collections.abc import Sequence

from domain.session.events import (
    ModelCallRequested,
    PlannedStep,
    ReworkRequested,
    SessionConsequence,
    SessionFailed,
    StepAccepted,
    StepFailed,
    StepStarted,
)
from domain.session.state import Accepted, Session, Step, Waiting


def start(ready: Sequence[tuple[int, PlannedStep]], *, room: int) -> Sequence[SessionConsequence]:
    """Start steps whose predecessors are accepted, as many as there is room for beside the running ones."""
    started: list[SessionConsequence] = []
    for number, plan in ready[: max(0, room)]:
        started += [StepStarted(step=number, agent=plan.agent), _ask_for_choice(number, 1, plan.agent)]
    return started


def accept(state: Session, step: Step) -> Sequence[SessionConsequence]:
    """Accept a step's result, then start what waited for it, or ask for the answer when all is done."""
    accepted = {step.number} | {other.number for other in state.steps if isinstance(other.stage, Accepted)}
    if len(accepted) == len(state.steps):
        planner = state.agent_in_role("planner")
        answer = ModelCallRequested(call="answer", purpose="answer", agent=planner, recipe="answer.v1")
        return (StepAccepted(step=step.number), answer)
    ready = [
        (other.number, other.plan)
        for other in state.steps
        if isinstance(other.stage, Waiting) and accepted.issuperset(other.plan.after)
    ]
    room = state.limits.parallel_steps - (len(state.open) - 1)
    return (StepAccepted(step=step.number), *start(ready, room=room))


def send_back(state: Session, step: Step, instructions: str) -> Sequence[SessionConsequence]:
    """Give a step back to its agent with instructions, or give it up when its rounds are used up."""
    if step.round > state.limits.rework_rounds:
        return fail_step(step.number, f"still not right after {step.round} rounds: {instructions}")
    again = step.round + 1
    return (
        ReworkRequested(step=step.number, round=again, instructions=instructions),
        _ask_for_choice(step.number, again, step.plan.agent),
    )


def fail_step(number: int, reason: str) -> Sequence[SessionConsequence]:
    """Give up a step, and with it the session."""
    return (StepFailed(step=number, reason=reason), SessionFailed(reason=f"step {number}: {reason}"))


def _ask_for_choice(number: int, round_: int, agent: str) -> ModelCallRequested:
    return ModelCallRequested(
        call=f"choose-{number}-{round_}", purpose="choose", agent=agent, recipe="choose.v1", step=number
    )
