"""Count in how many ways a schema judges one value: alternatives of alternatives double with each level.

The fast engine takes every way, and nothing can stop it. Reference after reference this counts what a schema asks of
the very same value; what it asks of the values within is counted for each of them by itself.
"""

from collections.abc import Iterator
from typing import Any

from adapters.openapi.schemas.conversion import Schema

MOST_WAYS = 10_000
_MANY = ("allOf", "anyOf", "oneOf")
_ONE = ("else", "if", "not", "then")


def too_many_ways(schema: Schema) -> bool:
    """Tell whether any part of a self-contained schema judges a value in more ways than can be waited for."""
    if isinstance(schema, bool):
        return False
    definitions, counted = schema.get("$defs", {}), dict[int, int]()
    try:
        return any(_ways(each, definitions, counted) > MOST_WAYS for each in _objects(schema))
    except RecursionError:
        return True


def _ways(schema: Any, definitions: dict[str, Any], counted: dict[int, int]) -> int:
    if not isinstance(schema, dict):
        return 1
    if id(schema) not in counted:
        counted[id(schema)] = 1  # what leads back to itself is not taken again
        counted[id(schema)] = 1 + sum(_ways(each, definitions, counted) for each in _beside(schema, definitions))
    return counted[id(schema)]


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


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
