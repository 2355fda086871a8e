"""Hold each agent to what it may use in a session in all: model calls, tool calls and tokens of its own limits.

What an agent asks for is reserved by its session's meter, and counts as the agent's from that moment on. So however
many steps of it run at once, no call is made that its limits do not leave room for. What people have sent again after
it was given up is theirs, and not the agent's.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from domain.budget.amounts import Amounts, Kind, in_words, plus
from domain.session.events import (
    BudgetShort,
    BudgetSpent,
    CallDeadLettered,
    CallWithdrawn,
    PinnedAgent,
    PlannedStep,
    SessionConsequence,
)
from domain.session.planning import give_up, pending_model_call
from domain.session.state import AgentUse, Calling, Meter, Reservation, Session
from domain.session.steps import fail_step
from domain.session.using import KINDS, left_of, used_by


def are_limited(agents: Iterable[PinnedAgent]) -> bool:
    """Tell whether any agent may use only so much of a session."""
    return any(agent.limits and agent.limits.allowance for agent in agents)


def limited_agent(state: Session, call: str) -> str:
    """Name the agent whose model call or tool call this is; empty where its own use is not limited."""
    if state.letter_of(call):
        return ""
    model, _ = pending_model_call(state, call)
    step = state.step_awaiting(call)
    agent = model.agent if model else step.plan.agent if step else ""
    pinned = state.pinned(agent)
    return agent if pinned and are_limited([pinned]) else ""


def overdrawing(state: Session, call: str, needed: Amounts) -> str:
    """Name the agent whose call needs more than its own limits leave; empty where it needs no more."""
    agent = limited_agent(state, call)
    return agent if agent and _exceeded(state, agent, needed) else ""


def _exceeded(state: Session, agent: str, needed: Amounts) -> Kind | None:
    for kind in KINDS:
        left = left_of(state, agent, kind)
        if left is not None and needed.of(kind) > left:
            return kind
    return None


def waits(state: Session, agent: str) -> bool:
    """Tell whether an agent's next question waits for the answer to another, which may take fewer tokens than feared.

    Otherwise one that there is room for would be given up only because others are asked at the same time.
    """
    pinned = state.pinned(agent)
    limited = pinned is not None and pinned.limits is not None and pinned.limits.tokens is not None
    held = state.meter.reservations if limited and state.meter else ()
    return any(each.agent == agent and each.amounts.tokens for each in held)


def allowance_problems(state: Session, steps: Sequence[PlannedStep]) -> Iterator[str]:
    """Say which agents are given more steps than their own limits leave calls for."""
    for agent in dict.fromkeys(step.agent for step in steps):
        given = [step for step in steps if step.agent == agent]
        least = Amounts(model_calls=len(given), tool_calls=sum(bool(step.tool) for step in given), tokens=1)
        if kind := _exceeded(state, agent, least):
            limit: int = getattr(state.limits_of(agent), kind)
            left, due = limit - used_by(state, agent).of(kind), least.of(kind)
            yield (
                f"{agent} is given {len(given)} steps, which take at least {in_words(kind, due)}, but its own limit of "
                f"{in_words(kind, limit)} leaves {max(left, 0)}: give them to others"
            )


def with_use(meter: Meter, held: Reservation | None, event: BudgetSpent) -> Meter:
    """Count what was spent as used by the agent that it was reserved for."""
    if held is None or not held.agent:
        return meter
    spent = Amounts(model_calls=event.model_calls, tool_calls=event.tool_calls, tokens=event.tokens)
    before = next((each.amounts for each in meter.used if each.agent == held.agent), Amounts())
    others = (each for each in meter.used if each.agent != held.agent)
    return replace(meter, used=(*others, AgentUse(agent=held.agent, amounts=plus(before, spent))))


def on_short(state: Session, fact: BudgetShort) -> Sequence[SessionConsequence]:
    """Give up a call that its agent may not make any more: nobody is asked, nothing is sent, and its step fails.

    The planner may then give the rest to others. Where a toolsmith may not be asked, the step's own agent is.
    """
    reason = _reason(state, fact)
    model, step = pending_model_call(state, fact.call)
    if model:
        return give_up(state, step, model, reason) if model.attempt == fact.attempt else ()
    step = state.step_awaiting(fact.call)
    if step is None or not isinstance(step.stage, Calling):
        return ()
    if fact.attempt == 1:
        return (CallWithdrawn(call=fact.call, reason=reason), *fail_step(step.number, reason))
    letter = CallDeadLettered(call=fact.call, reason=f"it could not be sent again: {reason}")
    return (letter, *fail_step(step.number, reason))


def _reason(state: Session, fact: BudgetShort) -> str:
    kind, limits = _exceeded(state, fact.agent, fact.needed), state.limits_of(fact.agent)
    if kind is None:
        return f"{fact.agent} may not use more of this session"
    limit: int = getattr(limits, kind)
    left = in_words(kind, max(limit - used_by(state, fact.agent).of(kind), 0))
    due = in_words(kind, fact.needed.of(kind))
    return f"{fact.agent}'s own limit of {in_words(kind, limit)} leaves {left}, but a call that may take {due} is due"
