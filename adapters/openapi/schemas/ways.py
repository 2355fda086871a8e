"""Count in how many ways a schema judges one place of a value: alternatives of alternatives double with each level.

So do two rules for one property, each of which leads to two more. The fast engine takes every way, and nothing can stop
it; only what leads back to itself it takes once for each place, and so it is counted here. Where many circles cross,
that is an estimate.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from adapters.openapi.schemas.conversion import Schema

_MANY = ("allOf", "anyOf", "oneOf")
_ONE = ("else", "if", "not", "then")
_ANY_MEMBER = frozenset({"additionalProperties", "contains", "items", "propertyNames"}) | {
    "unevaluatedItems",
    "unevaluatedProperties",
}
_LEADS_ON = _ANY_MEMBER | {*_MANY, *_ONE, "$ref", "dependentSchemas", "patternProperties", "prefixItems", "properties"}
_ANY = ""
"""Stands for the members of any name, those with an empty one among them."""
Named: TypeAlias = tuple[str, Any]
Counted: TypeAlias = tuple[int, dict[str, int]]
"""How often a schema judges its own value, and the members of it by their names."""
_LEAF: Counted = (1, {})


def ways(schema: Schema) -> int:
    """Return in how many ways a self-contained schema may judge any one place of a value, all references followed."""
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    known: dict[int, Counted] = {}
    for each, beside, below in _inside_out(schema, definitions):
        # To know which members were judged, the engine asks once more all that may have judged them.
        again = 2 if "unevaluatedProperties" in each or "unevaluatedItems" in each else 1
        known[id(each)] = _counted(again, beside, below, known)
    return max(map(_most, known.values()), default=1)


def _counted(again: int, beside: list[Any], below: list[Named], known: dict[int, Counted]) -> Counted:
    own, members = 1, dict[str, int]()
    for each in beside:
        times, within = known.get(id(each), _LEAF)
        own += again * times
        for name, count in within.items():
            members[name] = members.get(name, 0) + again * count
    for name, each in below:
        members[name] = members.get(name, 0) + _most(known.get(id(each), _LEAF))
    return own, members


def _most(counted: Counted) -> int:
    own, members = counted
    named = max((count for name, count in members.items() if name != _ANY), default=0)
    return max(own, named + members.get(_ANY, 0))


def _inside_out(schema: Any, definitions: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Any], list[Named]]]:
    """Yield each schema that leads to others behind these, except where one of them leads back to it."""
    seen = set[int]()
    waiting: list[tuple[Any, tuple[list[Any], list[Named]] | None]] = [(schema, None)]
    while waiting:
        each, led = waiting.pop()
        if led:
            yield each, *led
        elif isinstance(each, dict) and id(each) not in seen and not _LEADS_ON.isdisjoint(each):
            seen.add(id(each))
            beside, below = list(_beside(each, definitions)), list(_below(each))
            waiting.append((each, (beside, below)))
            waiting += [(other, None) for other in beside]
            waiting += [(other, None) for _, other in below]


def _beside(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[Any]:
    """Yield the schemas that judge the same value; what only looks like a schema, as an object of ``enum``, is none."""
    for keyword in _MANY:
        several = schema.get(keyword)
        yield from several if isinstance(several, list) else ()
    yield from (schema[keyword] for keyword in _ONE if keyword in schema)
    dependent, reference = schema.get("dependentSchemas"), schema.get("$ref")
    yield from dependent.values() if isinstance(dependent, dict) else ()
    if isinstance(reference, str):
        yield definitions.get(reference.removeprefix("#/$defs/"))


def _below(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the schemas that judge members, with the names of these."""
    properties, patterns, first = schema.get("properties"), schema.get("patternProperties"), schema.get("prefixItems")
    yield from properties.items() if isinstance(properties, dict) else ()
    yield from ((_ANY, each) for each in patterns.values()) if isinstance(patterns, dict) else ()
    yield from ((str(place), each) for place, each in enumerate(first)) if isinstance(first, list) else ()
    yield from ((_ANY, schema[keyword]) for keyword in _ANY_MEMBER if keyword in schema)
