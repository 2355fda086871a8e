"""Find references that lead nowhere, and the operations that cannot be called because of them."""

from collections.abc import Iterable, Iterator
from typing import Any

from adapters.openapi.model import Finding, Operation
from adapters.openapi.references import FILES, Unusable, target
from domain.pointers import pointer

# Under these keys of a schema stand names or values, and no keywords.
_NAMED = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses", FILES}
)
_VALUES = frozenset({"example", "examples", "default", "enum", "const", "mapping"})


def check_references(tree: dict[str, Any], operations: Iterable[Operation]) -> list[Finding]:
    """Return an error for each operation that cannot be called because of a reference, and warnings for answers."""
    broken = _broken(tree, set(_written(tree)))
    if not broken:
        return []
    spoilt = _spoilt(tree, broken)
    return [finding for each in operations for finding in _findings(each, broken, spoilt)]


def _written(tree: Any) -> Iterator[str]:
    """Yield everything that is written like a reference, wherever it stands: soon, and more than there are."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            if type(reference := value.get("$ref")) is str:
                yield reference
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(value)


def _broken(tree: dict[str, Any], references: set[str]) -> dict[str, str]:
    """Return why references lead nowhere."""
    found = {}
    for reference in references:
        try:
            _follow(tree, reference)
        except Unusable as fault:
            found[reference] = str(fault)
    return found


def _follow(tree: dict[str, Any], reference: str) -> None:
    """Follow references that stand alone; raises Unusable where they lead back or nowhere."""
    seen = {reference}
    node = target(tree, reference)
    while isinstance(node, dict) and isinstance(after := node.get("$ref"), str):
        if after in seen:
            raise Unusable(f"the reference {reference[:200]!r} leads back to itself")
        seen.add(after)
        node = target(tree, after)


def _spoilt(tree: dict[str, Any], broken: dict[str, str]) -> dict[str, str]:
    """Return, for each reference that comes to a broken one at last, which one that is."""
    inside = {each: set(_references(target(tree, each))) for each in set(_references(tree)) if each not in broken}
    found = {each: each for each in broken}
    changed = True
    while changed:
        changed = False
        for each, held in inside.items():
            if each not in found and (through := next((one for one in sorted(held) if one in found), "")):
                found[each] = found[through]
                changed = True
    return found


def _findings(operation: Operation, broken: dict[str, str], spoilt: dict[str, str]) -> Iterator[Finding]:
    place = pointer("paths", operation.path, operation.method.lower())
    sent: list[Any] = [each.schema for each in operation.parameters]
    sent += [each.schema for each in operation.body.contents] if operation.body else []
    if reason := _reason(sent, broken, spoilt):
        yield Finding(severity="error", place=place, message=f"its arguments: {reason}", operation=operation.name)
    answers = [content.schema for answer in operation.answers for content in answer.contents]
    if reason := _reason(answers, broken, spoilt):
        yield Finding(severity="warning", place=place, message=f"its answers: {reason}", operation=operation.name)


def _reason(schemas: list[Any], broken: dict[str, str], spoilt: dict[str, str]) -> str:
    return next((broken[spoilt[each]] for each in _references(schemas) if each in spoilt), "")


def _references(tree: Any) -> Iterator[str]:
    """Yield every reference of a tree, but not what only looks like one in an example or among values."""
    waiting: list[tuple[Any, bool]] = [(tree, False)]
    while waiting:
        value, named = waiting.pop()
        if isinstance(value, dict):
            if not named and isinstance(reference := value.get("$ref"), str):
                yield reference
            waiting += [
                (child, key in _NAMED and not named)
                for key, child in value.items()
                if named or key in _NAMED or not (key in _VALUES or key.startswith("x-"))
            ]
        elif isinstance(value, list):
            waiting += [(child, False) for child in value]
