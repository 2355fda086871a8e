"""Move steps on: start them, send them back, give them up, and go on to what became ready."""

from collections.abc import Sequence

from msgspec.structs import replace

from domain.session.events import (
    CallWithdrawn,
    ModelCallRequested,
    PlannedStep,
    ReworkRequested,
    SessionConsequence,
    SessionFailed,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
)
from domain.session.replies import CONCLUDE, RESEARCH
from domain.session.state import (
    Accepted,
    Asking,
    Calling,
    Checking,
    Choice,
    Dropped,
    Executing,
    Failed,
    Judging,
    Session,
    Step,
    Waiting,
)
from domain.session.using import left_of

FOUND_OUT_SINCE = 3
"""The behaviour from which on a researcher that is refused a call, or may ask no more, goes on with what it has."""
CHOOSE_OR_ASK = "choose.v2"
"""Names the recipe of a question that may be answered by asking for more of a tool."""
ANSWER_AND_SUM = "answer.v2"
"""Names the recipe of the last question where what is worth remembering is to be said too."""


def start(state: Session, ready: Sequence[tuple[int, PlannedStep]], *, room: int) -> Sequence[SessionConsequence]:
    """Start steps whose predecessors are accepted, as many as there is room for beside the running ones."""
    started: list[SessionConsequence] = []
    for number, plan in ready[: max(0, room)]:
        started += [StepStarted(step=number, agent=plan.agent), ask_for_choice(state, number, 1, plan.agent)]
    return started


def accept(state: Session, step: Step) -> Sequence[SessionConsequence]:
    """Accept a step's result, then start what waited for it, or ask for the answer when all is done."""
    accepted = {step.number} | {other.number for other in state.steps if isinstance(other.stage, Accepted)}
    if isinstance(state.stage, Executing) and state.stage.replan:
        return (StepAccepted(step=step.number),)  # what goes on from here is being planned
    over = sum(isinstance(other.stage, Failed | Dropped) for other in state.steps)
    if len(accepted) + over == len(state.steps):
        planner = state.agent_in_role("planner")
        recipe = ANSWER_AND_SUM if state.memory and state.memory.summarise else "answer.v1"
        answer = ModelCallRequested(call="answer", purpose="answer", agent=planner, recipe=recipe)
        return (StepAccepted(step=step.number), answer)
    ready = [
        (other.number, other.plan)
        for other in state.steps
        if isinstance(other.stage, Waiting) and accepted.issuperset(other.plan.after)
    ]
    room = state.limits.parallel_steps - (len(state.open) - 1)
    return (StepAccepted(step=step.number), *start(state, ready, room=room))


def send_back(state: Session, step: Step, instructions: str) -> Sequence[SessionConsequence]:
    """Give a step back to its agent with instructions, or give it up when its rounds are used up."""
    counted = _is_found_out(state, step)
    if not counted and step.tries > state.limits_of(step.plan.agent).rework_rounds:
        return fail_step(step.number, f"still not right after {step.round - len(step.gathered)} rounds: {instructions}")
    again = step.round + 1
    return (
        ReworkRequested(step=step.number, round=again, instructions=instructions, counted=counted),
        ask_for_choice(state, step.number, again, step.plan.agent),
    )


def _is_found_out(state: Session, step: Step) -> bool:
    """Tell whether a researcher learns something by a refused call, which takes one of its calls and no rework."""
    called = isinstance(step.stage, Checking | Judging | Asking | Calling)
    return state.behaviour >= FOUND_OUT_SINCE and called and state.researches(step.plan.agent)


def choose_again(step: Step, choice: Choice, reason: str) -> Sequence[SessionConsequence]:
    """Take a step's call back, and choose in its place what then goes by a name of its own."""
    again = step.round + 1
    chosen = ToolChosen(
        step=step.number,
        call=f"call-{step.number}-{again}",
        tool=choice.tool,
        arguments=choice.arguments,
        consent=choice.consent,
        earlier=choice.earlier,
    )
    withdrawn = CallWithdrawn(call=step.stage.awaits, reason=reason)
    return (withdrawn, ReworkRequested(step=step.number, round=again, instructions=reason), chosen)


def fail_step(number: int, reason: str) -> Sequence[SessionConsequence]:
    """Give up a step, and with it the session."""
    return (StepFailed(step=number, reason=reason), SessionFailed(reason=f"step {number}: {reason}"))


def ask_again(state: Session, step: Step) -> ModelCallRequested:
    """Ask a step's agent for its choice once more, now that it was told what it wanted to know."""
    asked = ask_for_choice(state, step.number, step.round, step.plan.agent)
    return replace(asked, call=f"{asked.call}-d{len(step.told)}")


def ask_for_choice(state: Session, number: int, round_: int, agent: str) -> ModelCallRequested:
    """Ask a step's agent for its choice in a round."""
    return ModelCallRequested(
        call=f"choose-{number}-{round_}", purpose="choose", agent=agent, recipe=_recipe(state, agent), step=number
    )


def _recipe(state: Session, agent: str) -> str:
    if state.behaviour < 2:  # an agent could not ask for more of a tool then
        return "choose.v1"
    if not state.researches(agent):
        return CHOOSE_OR_ASK
    return CONCLUDE if state.behaviour >= FOUND_OUT_SINCE and _must_conclude(state, agent) else RESEARCH


def _must_conclude(state: Session, agent: str) -> bool:
    """Tell whether an agent's own limits leave it no call, or no question behind the next in which to say the rest."""
    questions, calls = left_of(state, agent, "model_calls"), left_of(state, agent, "tool_calls")
    return calls == 0 or (questions is not None and questions <= 1)
