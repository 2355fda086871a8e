"""Say what of a call's context the rules of a set can read, so that the engine need not be given the rest.

It follows from the rules' own tree. Where the engine is given less than a rule reads, that rule fails, which denies.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

Reads: TypeAlias = dict[str, "Reads"] | None
"""Names what is read of a record, and of each record in it; None stands for all of it."""

_CONTEXT = {"Var": "context"}


def reads_of(tree: Any) -> Reads:
    """Return what the rules of a set read of the context; ``tree`` is the engine's own JSON of them."""
    return _reads(set(_paths(tree)))


def only(reads: Reads, value: Any) -> Any:
    """Return of a value what is read."""
    if reads is None or not isinstance(value, dict):
        return value
    return {name: only(below, value[name]) for name, below in reads.items() if name in value}


def _reads(paths: set[tuple[str, ...]]) -> Reads:
    if () in paths:
        return None
    return {name: _reads({path[1:] for path in paths if path[0] == name}) for name in sorted({p[0] for p in paths})}


def _paths(tree: Any) -> Iterator[tuple[str, ...]]:
    """Yield each path that is read; the context itself, used as a whole, is the empty one."""
    todo = [tree]
    while todo:
        node = todo.pop()
        path = _path(node)
        if path is not None:
            yield path
        elif isinstance(node, dict):
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)


def _path(node: Any) -> tuple[str, ...] | None:
    """Return where in the context an expression reads, None where it is no plain way into it."""
    steps: list[str] = []
    while node != _CONTEXT:
        below = _access(node, (".",) if steps else (".", "has"))
        if below is None:
            return None
        node = below["left"]
        steps.insert(0, below["attr"])
    return tuple(steps)


def _access(node: Any, forms: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the parts of an expression of one of these forms, None for every other."""
    if not isinstance(node, dict) or len(node) != 1:
        return None
    ((form, parts),) = node.items()
    fits = form in forms and isinstance(parts, dict) and parts.keys() == {"left", "attr"}
    return cast(dict[str, Any], parts) if fits and isinstance(parts["attr"], str) else None
