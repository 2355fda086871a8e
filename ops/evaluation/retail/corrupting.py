"""Spoil proposed calls, as a model might: an invented argument, a tool that is none, a value against the schema.

Which calls are spoiled, and how, follows from a seed alone. An invented argument is one of another record of the
database that stands neither in the goal nor in anything that the calls before it answered.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from ops.evaluation.retail.tasks import Task, texts_before

Kind: TypeAlias = Literal["invented-argument", "unknown-tool", "against-the-schema"]
KINDS: tuple[Kind, ...] = ("invented-argument", "unknown-tool", "against-the-schema")


class Spoiled(NamedTuple):
    """Be what is proposed in place of a task's call, the first time."""

    kind: Kind
    tool: str
    arguments: dict[str, Any]


def spoiled(
    tasks: Sequence[Task], database: Mapping[str, Any], share: float, seed: int
) -> dict[tuple[str, int], Spoiled]:
    """Spoil a share of all calls, each kind as often as the others; the key is a task's id and the call's number."""
    chance = random.Random(seed)
    places = [(task, index) for task in tasks for index in range(len(task.calls))]
    chosen = chance.sample(places, round(share * len(places)))
    invented = {kind: sorted(database[kind]) for kind in ("orders", "users", "products")}
    return {
        (task.id, index + 1): _spoiled(task, index, KINDS[number % len(KINDS)], invented, chance)
        for number, (task, index) in enumerate(chosen)
    }


def _spoiled(task: Task, index: int, kind: Kind, known: Mapping[str, Sequence[str]], chance: random.Random) -> Spoiled:
    call = task.calls[index]
    arguments = dict(call.arguments)
    if kind == "unknown-tool":
        return Spoiled(kind, f"{call.tool}_at_once", arguments)
    name = chance.choice(sorted(arguments))
    if kind == "against-the-schema":
        return Spoiled(kind, call.tool, {**arguments, name: {"value": arguments[name]}})
    texts = list(texts_before(task, index))
    value = arguments[name]
    fresh = _stranger(name, known, texts, chance)
    return Spoiled(kind, call.tool, {**arguments, name: [fresh, *value[1:]] if isinstance(value, list) else fresh})


def _stranger(name: str, known: Mapping[str, Sequence[str]], texts: Sequence[str], chance: random.Random) -> str:
    """Return what stands in none of the texts: another record's id where the argument is one, else an invention."""
    kind = {"order_id": "orders", "user_id": "users", "product_id": "products"}.get(name, "")
    others = [value for value in known.get(kind, ()) if not any(value in text for text in texts)]
    return chance.choice(others) if others else f"{name}_{chance.randrange(10**7, 10**8)}"
