"""Say where in a text a value of some kind stands."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """Mark a value of a kind from ``start`` up to, but not including, ``end``."""

    start: int
    end: int
    kind: str


Recogniser: TypeAlias = Callable[[str], Iterable[Span]]
"""Finds values in a folded text, whose digits and signs are those of ASCII wherever they look alike."""


def apart(found: Iterable[Sequence[Span]], length: int) -> list[Span]:
    """Return spans of a text that do not overlap, in their order: of two that do, the one of an earlier list.

    Of two that overlap in one list, the one that begins first is taken, then the longer.
    """
    taken = bytearray(length)
    kept: list[Span] = []
    for spans in found:
        for span in sorted(spans, key=lambda each: (each.start, -each.end)):
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                kept.append(span)
    return sorted(kept)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, those that overlap as one."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.start < whole[-1].end:
            last = whole.pop()
            span = Span(last.start, max(last.end, span.end), last.kind)
        whole.append(span)
    return whole
