"""Know the members of an answer that tell of its pages, by the names that APIs give them."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from adapters.openapi.references import object_of
from adapters.openapi.shapes import resolved

URLS = frozenset(
    {"next", "nexturl", "nexturi", "nextlink", "nexthref", "nextpage", "nextpageuri", "nextpageurl", "odatanextlink"}
)
"""Members that hold the URL of the next page; some hold a cursor instead, and their value tells."""

CURSORS = frozenset(
    {"cursor", "pagetoken", "nexttoken", "nextpagetoken", "marker", "continue", "continuationtoken", "startingafter"}
)
"""Query parameters that by themselves say that an operation answers in pages."""

_PARTS = frozenset(
    {"links", "paging", "pagination", "meta", "metadata", "pageinfo", "responsemetadata", "cursors", "page"}
)
_CURSORS_BY_OTHER_NAMES = {
    "after": ("after",),
    "endcursor": ("after", "cursor"),
    "continue": ("continue",),
    "continuationtoken": ("continuationtoken",),
}
_COUNTERS = (
    ("page", ("page", "currentpage", "pagenumber"), (), ("totalpages", "pagecount", "pages", "lastpage")),
    ("offset", ("offset",), ("limit", "pagesize"), ("total", "totalcount", "totalresults")),
)


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """Name the query parameter that counts pages or items, and the members that say where it is and where it ends.

    ``size`` names the member that holds how many items a page has, "" where pages are counted.
    """

    parameter: str
    here: str
    end: str
    size: str = ""


def plain_name(name: str) -> str:
    """Return a name without case and signs, so that ``next_cursor``, ``nextCursor`` and ``next-cursor`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def members_of(answer: Any) -> dict[str, Any]:
    """Return what may tell of pages in an answer, by plain name: its members, and as ``paging.next`` those of parts."""
    members: dict[str, Any] = {}
    for name, value in _plain(answer):
        members[name] = value
        if name in _PARTS:
            members |= {f"{name}.{inner}": each for inner, each in _plain(value)}
    return members


def described_members(tree: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Return the same of what a schema describes."""
    members: dict[str, Any] = {}
    for name, each in _plain(object_of(resolved(tree, schema), "properties")):
        members[name] = each
        if name in _PARTS:
            members |= {f"{name}.{inner}": None for inner, _ in _plain(object_of(resolved(tree, each), "properties"))}
    return members


def _plain(value: Any) -> Iterator[tuple[str, Any]]:
    return ((plain_name(name), each) for name, each in value.items()) if isinstance(value, dict) else iter(())


def leaf(member: str) -> str:
    """Return a member's own name."""
    return member.rpartition(".")[2]


def cursor_parameter(member: str, parameters: Collection[str]) -> str | None:
    """Return the query parameter, by plain name, that takes what a member holds: ``next_cursor`` goes to ``cursor``."""
    own = leaf(member)
    names = _CURSORS_BY_OTHER_NAMES.get(own, ()) if member != "after" else ()
    if own.startswith("next"):
        names = (own.removeprefix("next"), own)
    return next((name for name in names if name in parameters), None)


def counter_in(members: Collection[str], parameters: Collection[str]) -> Counter | None:
    """Return what counts the pages of an answer with these members, if anything does."""
    for part in ("", *(f"{each}." for each in sorted(_PARTS))):
        for parameter, heres, sizes, ends in _COUNTERS:
            here, size, end = (_first(part, names, members) for names in (heres, sizes, ends))
            if parameter in parameters and here and end and (size or not sizes):
                return Counter(parameter=parameter, here=here, end=end, size=size)
    return None


def _first(part: str, names: Iterable[str], members: Collection[str]) -> str:
    return next((part + name for name in names if part + name in members), "")


def tells_of_pages(members: Collection[str], parameters: Collection[str]) -> bool:
    """Tell whether an answer with these members says where its next page is."""
    return any(leaf(each) in URLS or cursor_parameter(each, parameters) for each in members) or bool(
        counter_in(members, parameters)
    )
