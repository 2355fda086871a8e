"""Find what a document marks as secret or personal, in the arguments of an operation and in its answers.

``writeOnly`` and ``format: password`` mark a secret. ``x-pii`` marks what is personal, and may name its kind, as in
``x-pii: email``; any other value but false says only that it is private.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from adapters.openapi.model import Operation
from adapters.openapi.references import Unusable, target
from commands.ports import MarkedPlaces
from domain.redaction.texts import Path
from domain.redaction.tokens import KINDS

_MOST_DEPTH = 12
_MOST_SCHEMAS = 5_000
_SAME_PLACE = ("allOf", "anyOf", "oneOf")
_ALSO_THERE = ("if", "then", "else", "not")


def marked_places(operation: Operation, tree: dict[str, Any]) -> MarkedPlaces:
    """Return the marked paths of an operation; beyond 5,000 schemas and 12 levels nobody looks."""
    arguments: list[tuple[Path, Any]] = [((each.place, each.name), each.schema) for each in operation.parameters]
    arguments += [(("body",), each.schema) for each in (operation.body.contents if operation.body else ())]
    answers: list[tuple[Path, Any]] = [((), each.schema) for answer in operation.answers for each in answer.contents]
    return MarkedPlaces(_marks(tree, arguments), _marks(tree, answers))


def _marks(tree: dict[str, Any], schemas: Iterable[tuple[Path, Any]]) -> dict[Path, str]:
    marks: dict[Path, str] = {}
    for path, schema in schemas:
        for at, kind in _Walk(tree).found(schema, path, frozenset()):
            marks.setdefault(at, kind)
    return marks


class _Walk:
    """Walk the schemas below one, a bounded number."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree, self._left = tree, _MOST_SCHEMAS

    def found(self, schema: Any, path: Path, seen: frozenset[str]) -> Iterator[tuple[Path, str]]:
        """Yield the marked paths in a schema; references that lead in a circle are followed once."""
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0 or len(path) > _MOST_DEPTH:
            return
        if kind := _kind(schema):
            yield path, kind
            return
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            yield from self.found(self._target(reference), path, seen | {reference})
        for below, steps in _below(schema):
            yield from self.found(below, (*path, *steps), seen)

    def _target(self, reference: str) -> Any:
        try:
            return target(self._tree, reference)
        except Unusable:
            return None  # what it blocks is said where the document is read


def _kind(schema: dict[str, Any]) -> str:
    named = schema.get("x-pii")
    if named not in (None, False):
        return named if named in KINDS else "private"
    return "secret" if schema.get("writeOnly") is True or schema.get("format") == "password" else ""


def _below(schema: dict[str, Any]) -> Iterator[tuple[Any, Path]]:
    """Yield the schemas in a schema, each with the steps that lead to what it is about."""
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from ((each, (str(name),)) for name, each in properties.items())
    patterns = schema.get("patternProperties")
    if isinstance(patterns, dict):
        yield from ((each, ("*",)) for each in patterns.values())
    for key in ("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains"):
        yield schema.get(key), ("*",)
    for each in _list(schema.get("prefixItems")):
        yield each, ("*",)
    for key in _SAME_PLACE:
        yield from ((each, ()) for each in _list(schema.get(key)))
    yield from ((schema.get(key), ()) for key in _ALSO_THERE)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
