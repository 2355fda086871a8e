"""Plan by rules: the tool that fits the goal best, behind it who uses what it finds, before it who supplies its ids.

No rule names a tool. They were chosen on one half of the instructions that the suite restbench measures them by.
"""

import math
from collections.abc import Sequence
from typing import Any

from adapters.models.rules.naming import names_something
from adapters.models.rules.seen import SeenTool, goal_words
from domain.retrieval.words import words

_LOOKING_UP = frozenset(words("search find lookup query list"))
_READING = frozenset(words("search find lookup query list get read show view fetch describe")) | {"get"}
_DEEPEST = 3
_BY_NAME = 2.0
_LATER = 0.02
_LONGER = 0.1


def plan(goal: str, tools: Sequence[SeenTool]) -> list[dict[str, Any]]:
    """Return the steps of a plan; one that says so where no tool was shown."""
    if not tools:
        return [{"goal": f"Say that no tool is there for this: {goal[:200]}"}]
    chain = _with_more(goal, _chain(goal, tools[0], tools), tools)
    return [_step(goal, number, tool, chain) for number, tool in enumerate(chain, 1)]


def _step(goal: str, number: int, tool: SeenTool, chain: Sequence[SeenTool]) -> dict[str, Any]:
    """Return a step that waits for those that may supply what it needs."""
    after = list(range(1, number)) if tool.needs else []
    said = f"{tool.description.rstrip('.') or tool.name}, for: {goal[:200]}"
    return {"goal": said, "agent": tool.agent, "after": after, "tool": tool.name}


def _chain(goal: str, last: SeenTool, tools: Sequence[SeenTool], depth: int = 0) -> list[SeenTool]:
    """Return a tool behind those that supply the ids of its path."""
    chain: list[SeenTool] = []
    supplied: set[frozenset[str]] = set()
    for thing in last.things():
        supplier = _supplier(goal, thing, supplied, tools) if thing and thing not in supplied else None
        if supplier and depth < _DEEPEST:
            before = _chain(goal, supplier, tools, depth + 1)
            chain += [each for each in before if each not in chain]
            supplied.add(thing)
    return [*chain, last] if last not in chain else chain


def _supplier(
    goal: str, thing: frozenset[str], supplied: set[frozenset[str]], tools: Sequence[SeenTool]
) -> SeenTool | None:
    """Return who supplies the ids of a thing best: by its name where the goal names one, else by what it is called."""
    able = [
        tool
        for tool in tools
        if thing & set(tool.own) and thing not in tool.things() and supplied.issuperset(tool.things()) and _reads(tool)
    ]
    by_name, asked = names_something(goal), goal_words(goal)

    def worth(tool: SeenTool) -> float:
        fits = _BY_NAME if bool(_LOOKING_UP & set(tool.own)) is by_name else 0.0
        said = len((set(tool.own) - thing - _LOOKING_UP) & asked)
        return fits + said - _LATER * tool.place - _LONGER * len(tool.own)

    return max(able, key=worth, default=None)


def _with_more(goal: str, chain: list[SeenTool], tools: Sequence[SeenTool]) -> list[SeenTool]:
    """Add the tool that takes what the chain finds and says most of what the goal says beyond it, if any does."""
    there = {word for tool in chain for word in tool.own}
    left = goal_words(goal) - there
    able = [
        tool
        for tool in tools
        if tool not in chain
        and tool.things()
        and all(thing and thing <= there for thing in tool.things())
        and left & set(tool.own)
        and _reads(tool)
    ]
    rare = {
        word: math.log(1 + len(tools) / sum(word in tool.own for tool in tools)) for tool in able for word in tool.own
    }
    more = max(able, key=lambda tool: (sum(rare[word] for word in set(tool.own) & left), -tool.place), default=None)
    return [*chain, more] if more else chain


def _reads(tool: SeenTool) -> bool:
    """Tell whether a tool's name begins like one that only reads."""
    return bool(_READING & set(tool.own[:1])) or bool(_LOOKING_UP & set(tool.own))
