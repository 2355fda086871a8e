"""Read from a tool's parameters which arguments it takes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.encoding import Json, parse
from domain.pointers import pointer

MOST_ARGUMENTS = 200
_CHOICES = ("allOf", "anyOf", "oneOf")


def arguments_of(parameters: Json) -> tuple[str, ...]:
    """Return the JSON pointers of a tool's arguments by place, those that it needs first and marked so."""
    taken = _taken(bytes(parameters))
    needed = [f"{where} (needed)" for where, _, required in taken if required]
    return (*needed, *(where for where, _, required in taken if not required))


def schemas_of(parameters: Json) -> Mapping[str, Any]:
    """Return the schema of each argument by its JSON pointer: of one described in several ways, any of them."""
    return _described(bytes(parameters))


def needed_of(parameters: Json) -> dict[str, Any]:
    """Return the schema of each argument that a tool needs, by its JSON pointer."""
    return {where: schema for where, schema, required in _taken(bytes(parameters)) if required}


@lru_cache(maxsize=2_048)
def _taken(parameters: bytes) -> tuple[tuple[str, Any, bool], ...]:
    grouped = parse(parameters)
    found = (
        (pointer(place, name), schema, required)
        for place, group, _ in properties(grouped)
        for name, schema, required in properties(group)
    )
    return tuple(each for each, _ in zip(found, range(MOST_ARGUMENTS), strict=False))


@lru_cache(maxsize=2_048)
def _described(parameters: bytes) -> Mapping[str, Any]:
    cut = tuple(f"{pointer(place)}/" for place, group, _ in properties(parse(parameters)) if leaves_out(group))
    held: dict[str, list[Any]] = {}
    for where, schema, _ in _taken(parameters):
        held.setdefault(where, [{}] if where.startswith(cut) else []).append(schema)
    return {where: any_of(schemas) for where, schemas in held.items()}


def any_of(schemas: Sequence[Any]) -> Any:
    """Return what describes a value that any of these may describe."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": [each if isinstance(each, dict) else {} for each in schemas]}


def leaves_out(schema: Any, depth: int = 0) -> bool:
    """Tell whether a view shows only some of a schema's alternatives: the others may describe its parts otherwise."""
    if not isinstance(schema, dict) or depth > len(_CHOICES):
        return False
    alternatives = [each for choice in _CHOICES for each in schema.get(choice) or () if isinstance(each, dict)]
    return any("cut" in each or leaves_out(each, depth + 1) for each in alternatives)


def properties(schema: Any, depth: int = 0) -> Iterator[tuple[str, Any, bool]]:
    """Return the properties of an object's schema by name, those of its alternatives too, and whether they must be."""
    if not isinstance(schema, dict) or depth > len(_CHOICES):
        return
    held, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    for name, inner in held.items() if isinstance(held, dict) else ():
        yield str(name), inner, name in needed
    for choice in _CHOICES:
        alternatives = schema.get(choice)
        for alternative in alternatives if isinstance(alternatives, list) else ():
            yield from properties(alternative, depth + 1)
