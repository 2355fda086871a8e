"""Speak of the pages of one answer as of one answer."""

from collections.abc import Iterable, Iterator

from domain.encoding import canonical, parse
from domain.errors import Invalid

_MOST = 10


def recorded_pages(body: bytes) -> list[bytes] | None:
    """Return the pages of a recorded answer, None where it holds none."""
    try:
        held = parse(body)
    except Invalid:
        return None
    pages = held.get("pages") if isinstance(held, dict) and "ended" in held else None
    return [canonical(each) for each in pages] if isinstance(pages, list) else None


def of_pages(mismatches: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return what was found in each page with its place among all of them, ten at most."""
    return tuple(_placed(mismatches))[:_MOST]


def _placed(mismatches: Iterable[Iterable[str]]) -> Iterator[str]:
    for index, found in enumerate(mismatches):
        yield from (f"/pages/{index}{'' if each.startswith('/: ') else '/'}{each.removeprefix('/')}" for each in found)
