"""Name what differs between two JSON values as they were written: the first difference, or every one of them."""

from itertools import zip_longest
from typing import Any, Literal, TypeAlias

import msgspec

from domain.encoding import Number, encode, parse, plain
from domain.pointers import pointer

_Pair: TypeAlias = tuple[str, Any, Any]
"""A JSON pointer, and what stands there before and after."""
_ABSENT = object()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Say what became of one value: ``path`` is a JSON pointer; None stands for what is absent.

    ``op`` is that of a JSON Patch (RFC 6902): ``add`` has no ``before``, ``remove`` no ``after``.
    """

    path: str
    op: Literal["add", "remove", "replace"]
    before: Any = None
    after: Any = None


def first_difference(before: Any, after: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Return the JSON pointer and both values of the first difference of two values as written, or None."""
    pairs = _inside(path, before, after)
    if pairs is None:
        return None if before == after else (path, before, after)
    found = (first_difference(was, now, where) for where, was, now in pairs)
    return next((difference for difference in found if difference), None)


def changes(before: object, after: object, *, most: int = 200) -> tuple[Change, ...]:
    """Return what must be done to one value, in this order, to make the other of it, as a JSON Patch does.

    Where more than ``most`` changes would be needed inside an object or array, it is replaced as a whole.
    """
    was, now = plain(before), plain(after)
    try:
        found = _changes(was, now, "", most)
    except RecursionError:
        found = [("", was, now)]
    return tuple(_change(*each) for each in found)


def _change(path: str, before: Any, after: Any) -> Change:
    if before is _ABSENT:
        return Change(path=path, op="add", after=after)
    if after is _ABSENT:
        return Change(path=path, op="remove", before=before)
    return Change(path=path, op="replace", before=before, after=after)


def _changes(before: Any, after: Any, path: str, most: int) -> list[_Pair]:
    pairs = _inside(path, before, after)
    if pairs is None:
        return [] if _same(before, after) else [(path, before, after)]
    if isinstance(after, list):  # what is removed comes last item first, so that no index moves
        pairs = [*pairs[: len(after)], *reversed(pairs[len(after) :])]
    found: list[_Pair] = []
    for where, was, now in pairs:
        found += _changes(was, now, where, most)
        if len(found) > most:
            return [(path, before, after)]
    return found


def _same(before: Any, after: Any) -> bool:
    """Tell whether two plain values are written alike: ``1``, ``1.0`` and ``true`` are three."""
    return before is not _ABSENT and after is not _ABSENT and encode(before) == encode(after)


def _inside(path: str, before: Any, after: Any) -> list[_Pair] | None:
    """Return what stands side by side in two objects or two arrays; None where there is nothing to go into."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [(path + pointer(key), before.get(key, _ABSENT), after.get(key, _ABSENT)) for key in keys]
    if isinstance(before, list) and isinstance(after, list):
        items = enumerate(zip_longest(before, after, fillvalue=_ABSENT))
        return [(f"{path}/{index}", was, now) for index, (was, now) in items]
    return None


def shown(value: Any) -> Any:
    """Return a value as a plain one, a number in an unusual form as it was written."""
    match value:
        case Number(text=text):
            number = parse(text)
            return number if encode(number) == text.encode() else msgspec.Raw(text.encode())
        case dict():
            return {key: shown(held) for key, held in value.items()}
        case list():
            return [shown(held) for held in value]
        case _:
            return None if value is _ABSENT else value
