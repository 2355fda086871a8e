"""Hold a plan against what a session's limits leave for it."""

from collections.abc import Iterator, Sequence

from domain.session.events import PlannedStep
from domain.session.state import Session


def budget_problems(state: Session, steps: Sequence[PlannedStep]) -> Iterator[str]:
    """Say which limits leave less than a plan needs at the least: one call where it names a tool, and its questions.

    The plan's own question is being paid for: it is not counted among what is spent yet.
    """
    limits, spent = state.limits, state.spent
    calls = sum(bool(step.tool) for step in steps)
    asked = 1 + len(steps) * (2 if state.agent_in_role("reviewer") else 1) + 1
    left = limits.tool_calls - spent.tool_calls
    if calls > left:
        yield f"the plan makes {calls} tool calls, but the limit of {limits.tool_calls} leaves {left}"
    left = limits.model_calls - spent.model_calls
    if asked > left:
        yield (
            f"the plan asks models at least {asked} times, itself included, but the limit of {limits.model_calls} "
            f"leaves {left}"
        )
