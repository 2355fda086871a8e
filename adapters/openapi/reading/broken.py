"""Find keywords of schemas that say nothing because of what they hold, and operations that nothing can be passed to.

A broken keyword keeps no call from being made, for the API itself will judge; it warns, at its place.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal, TypeAlias

from adapters.openapi.model import Finding, Operation
from adapters.openapi.references import FILES, Unusable, target
from adapters.openapi.schemas.keywords import (
    MANY,
    NAMED,
    NOTHING,
    ONE,
    PLAIN,
    is_number,
    is_schema,
    plain_value,
)
from domain.pointers import pointer

Kind = Literal["part", "schema", "schemas"]

MOST = 200
_BY_NAME = NAMED | {"patternProperties", "$defs", "definitions"}
_BELOW: dict[str, Kind] = {**dict.fromkeys(_BY_NAME, "schemas"), **dict.fromkeys(ONE | MANY, "schema")}
# Those that can lead to one place only were written as `$ref` when the text was read.
_DYNAMIC = "$dynamicRef"
_KNOWN = frozenset(_BELOW) | PLAIN | {"$ref", _DYNAMIC}
_IN_PARTS: dict[str, Kind] = {
    "schema": "schema",
    "itemSchema": "schema",
    "schemas": "schemas",
    "definitions": "schemas",
}
_SKIPPED = frozenset({"example", "examples", "securitySchemes", "securityDefinitions"})
_FLAGS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
# In Swagger 2.0 these parameters hold a schema's keywords beside their own.
_WITH_KEYWORDS = ("path", "query", "header", "formData")
_OF_PARAMETERS = frozenset({"name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "schema"})

Way: TypeAlias = "str | tuple[Way, object]"
"""The way to a value: a JSON pointer, or the way to its parent and one token more."""
Spot: TypeAlias = tuple[Any, Way, Kind]
"""A value with the way to it, and what it is read as."""


def check_schemas(tree: dict[str, Any], operations: Iterable[Operation]) -> list[Finding]:
    """Return a warning for each broken keyword, a bounded number, and an error for each operation that is closed."""
    found = list(islice(_warnings(tree), MOST + 1))
    if len(found) > MOST:
        message = f"more than {MOST} keywords of schemas say nothing; those beyond are not listed"
        found[MOST] = Finding(severity="warning", place="", message=message)
    return [*found, *_closed(tree, operations)]


def _warnings(tree: dict[str, Any]) -> Iterator[Finding]:
    """Walk the document, and from there into every schema once, wherever references lead."""
    swagger = "swagger" in tree
    references_alone = swagger or str(tree.get("openapi")).startswith("3.0")
    seen: set[tuple[int, Kind]] = set()
    followed: set[str] = set()
    waiting: deque[Spot] = deque([(tree, "", "part")])
    while waiting:
        value, way, kind = waiting.popleft()
        if (id(value), kind) in seen:
            continue
        seen.add((id(value), kind))
        if type(value) is list:
            waiting += [(each, (way, index), kind) for index, each in enumerate(value) if _holds(each)]
        elif kind == "schemas":
            waiting += [(each, (way, name), "schema") for name, each in value.items() if _holds(each)]
        elif kind == "part":
            waiting += _parts(value, way)
            if swagger and value.get("in") in _WITH_KEYWORDS:
                yield from _broken({k: v for k, v in value.items() if k not in _OF_PARAMETERS}, way)
        else:
            reference = value.get("$ref")
            if isinstance(reference, str) and reference not in followed:
                followed.add(reference)
                waiting += _referred(tree, reference)
            if not isinstance(reference, str) or not references_alone:
                yield from _broken(value, way)
                waiting += _subschemas(value, way)


def _holds(value: Any) -> bool:
    return type(value) is dict or type(value) is list


def _parts(value: dict[str, Any], way: Way) -> Iterator[Spot]:
    for key, each in value.items():
        if _holds(each) and key not in _SKIPPED and (key == FILES or not key.startswith("x-")):
            yield each, (way, key), _IN_PARTS.get(key, "part")


def _referred(tree: dict[str, Any], reference: str) -> list[Spot]:
    try:
        found = target(tree, reference)
    except Unusable:
        return []  # told where it is written
    return [(found, reference[1:], "schema")] if _holds(found) else []


def _subschemas(schema: dict[str, Any], way: Way) -> Iterator[Spot]:
    for key, value in schema.items():
        kind = _BELOW.get(key)
        if kind and _holds(value):
            yield value, (way, key), kind


def _broken(schema: dict[str, Any], way: Way) -> Iterator[Finding]:
    for keyword, value in schema.items():
        if keyword in _KNOWN and not _says_something(keyword, value, schema):
            message = (
                f"the keyword {keyword!r} says nothing, for it holds {repr(value)[:80]}; the API itself will judge"
            )
            yield Finding(severity="warning", place=_place((way, keyword)), message=message)


def _place(way: Way) -> str:
    tokens = []
    while isinstance(way, tuple):
        way, token = way
        tokens.append(token)
    return way + pointer(*reversed(tokens))


def _says_something(keyword: str, value: Any, schema: dict[str, Any]) -> bool:
    if keyword in _FLAGS and isinstance(value, bool):
        return not value or is_number(schema.get(_FLAGS[keyword]))
    if keyword == "items" and isinstance(value, list):
        return all(map(is_schema, value))
    if keyword in ONE:
        return is_schema(value)
    if keyword in MANY:
        return isinstance(value, list) and bool(value) and all(map(is_schema, value))
    if keyword in _BY_NAME:
        return isinstance(value, dict) and all(map(is_schema, value.values()))
    if keyword in ("const", "enum"):
        return keyword == "const" or (isinstance(value, list) and bool(value))
    if keyword == "type" and value == "file":
        return True
    if keyword in ("$ref", _DYNAMIC):
        return isinstance(value, str) and keyword != _DYNAMIC
    return plain_value(keyword, value) is not NOTHING


def _closed(tree: dict[str, Any], operations: Iterable[Operation]) -> Iterator[Finding]:
    """Yield an error where an operation requires what its schema lets nothing be."""
    for each in operations:
        required = [(f"the {one.place} parameter {one.name!r}", one.schema) for one in each.parameters if one.required]
        if each.body and each.body.required:
            required += [("the body", content.schema) for content in each.body.contents]
        closed = next((named for named, schema in required if _admits_nothing(tree, schema)), "")
        if closed:
            at = pointer("paths", each.path, each.method.lower())
            message = f"{closed} is required, but its schema is false: nothing can be passed"
            yield Finding(severity="error", place=at, message=message, operation=each.name)


def _admits_nothing(tree: dict[str, Any], schema: Any) -> bool:
    seen = set[str]()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        try:
            schema = target(tree, reference)
        except Unusable:
            return False
    return schema is False
