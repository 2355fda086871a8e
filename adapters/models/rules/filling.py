"""Fill a tool's arguments by the names and types of what the goal and earlier results hold; say which cannot be."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from adapters.models.rules.naming import names_in, numbers_in
from adapters.models.rules.seen import Result
from domain.catalog.arguments import properties
from domain.encoding import parse
from domain.pointers import pointer
from domain.retrieval.paths import PARTS_OF_IDS
from domain.retrieval.words import split, stem

MOST_LOOKED_AT = 2_000


def filled(
    schema: Any, bound: Sequence[str], goal: str, results: Sequence[Result]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return arguments by place without those that the plan fills, and where needed ones lack a value."""
    arguments: dict[str, dict[str, Any]] = {}
    missing: list[str] = []
    for place, group, _ in properties(schema):
        for name, inner, needed in properties(group):
            where = pointer(place, name)
            if where in bound or not (needed or _is_asked_for(name)):
                continue
            value = _value(name, inner if isinstance(inner, dict) else {}, goal, results)
            if value is not None:
                arguments.setdefault(place, {})[name] = value
            elif needed:
                missing.append(where)
    return arguments, missing


def _is_asked_for(name: str) -> bool:
    """Tell whether an argument that may be left out says what to look for."""
    return name.lower() in ("q", "query", "search", "keyword", "term")


def _value(name: str, schema: dict[str, Any], goal: str, results: Sequence[Result]) -> Any:
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return next((each for each in schema["enum"] if str(each).lower() in goal.lower()), schema["enum"][0])
    for found in _found(name, results):
        if _fits(found, schema):
            return found
    if "default" in schema:
        return schema["default"]
    said = numbers_in(goal) if schema.get("type") in ("integer", "number") else [*names_in(goal), *_whole(name, goal)]
    texts = (parse(each.encode()) if schema.get("type") in ("integer", "number") else each for each in said)
    return next((each for each in texts if _fits(each, schema)), None)


def _whole(name: str, goal: str) -> list[str]:
    """Return the goal itself for what is looked for by words."""
    return [goal] if _is_asked_for(name) else []


def _found(name: str, results: Sequence[Result]) -> Iterator[Any]:
    """Return what the latest results hold under an argument's name, then under the last word of it."""
    keys = [name, *([last] if (last := [*split(name)][-1]) in PARTS_OF_IDS else [])]
    for key in dict.fromkeys(keys):
        for result in reversed(results):
            yield from _under(result.value, stem(key))


def _under(value: Any, key: str) -> Iterator[Any]:
    """Return what stands under a key, the shallowest first."""
    level = [value]
    looked = 0
    while level and looked < MOST_LOOKED_AT:
        deeper: list[Any] = []
        for each in level:
            looked += 1
            if isinstance(each, dict):
                yield from (held for name, held in each.items() if stem(name.lower()) == key)
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
        level = deeper


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    match schema.get("type"):
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case _:
            return isinstance(value, str | int) and not isinstance(value, bool)
