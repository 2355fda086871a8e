"""Make cases for the judge."""

from datetime import UTC, datetime
from typing import Any

from commands.ports import Case
from domain.catalog.events import Agent, Tool
from domain.encoding import foreign
from domain.labels import GOAL, Provenance
from domain.session.events import EffectClass

AT = datetime(2026, 11, 28, 15, 30, tzinfo=UTC)


NOTHING_READ = Provenance(plan="open", label=GOAL, seen=GOAL, sends=False)


def case(operation: str = "GET /orders", effect: EffectClass = "read", *, listed: bool = True, **more: Any) -> Case:
    """Return a request of the executor for one tool of the shop; ``arguments`` are plain values."""
    tool = Tool(
        name="some_tool",
        api="shop",
        operation=operation,
        document="d" * 64,
        description="",
        effect_class=effect,
        repeatable=False,
    )
    agent = Agent(id="executor", name="", role="executor", prompt_template="", tools=("*",))
    arguments = foreign(more.pop("arguments", {}))
    more.setdefault("provenance", NOTHING_READ)
    return Case(
        agent=agent,
        tool=tool,
        listed=listed,
        request_digest="r" * 64,
        effect_class=effect,
        at=AT,
        arguments=arguments,
        **more,
    )
