"""Warn of rules that let through what hardly anybody wants let through, before they come into force.

A set is asked about made-up calls of a tool that no rule can have named. What it allows there, it allows for whatever
it does not name.
"""

from datetime import UTC, datetime

from commands.ports import Case, Judge
from domain.catalog.events import Agent, Tool
from domain.catalog.policies import PolicySet, modes
from domain.labels import Provenance
from domain.session.events import EffectClass

_AGENT = Agent(id="whoever", name="", role="executor", prompt_template="")
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def cautions(judge: Judge, policy_set: PolicySet) -> tuple[str, ...]:
    """Return in words what a set lets through without asking; nothing for a careful one."""
    asked = {
        "It allows tools that are not on the agent's list.": _case("read", listed=False),
        "It allows whatever destroys.": _case("destructive", listed=True),
        "It allows writes to wherever untrusted text says.": _case("write", listed=True),
    }
    found = tuple(words for words, case in asked.items() if judge.judge(policy_set, case).decision == "allow")
    watched = [guard for guard, mode in modes(policy_set).items() if mode == "observe"]
    return (*found, f"It only observes {', '.join(watched)}: such calls pass.") if watched else found


def _case(effect: EffectClass, *, listed: bool) -> Case:
    """Make up the call of which the least is known."""
    tool = Tool(
        name="whatever",
        api="anywhere",
        operation="POST /whatever",
        document="",
        description="",
        effect_class=effect,
        repeatable=False,
    )
    return Case(
        agent=_AGENT,
        tool=tool,
        listed=listed,
        request_digest="",
        effect_class=effect,
        at=_AT,
        provenance=Provenance(),
    )
