"""Say which request asks for the next page, or why none does: an answer never leads to what was not judged."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from adapters.openapi.model import Operation
from adapters.openapi.paging.next_page import NextQuery, NextUrl, next_page
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.paths import other_at, segments_of
from adapters.openapi.requests.traversal import Hostile, plainest
from adapters.openapi.requests.urls import check_url
from commands.ports import HttpResponse

Rebuild: TypeAlias = Callable[[dict[str, Any]], str]
"""Returns the URL of the request that some arguments make; raises Unbuildable."""

_SHOWN = 200
_MOST = 8_000
_AS_WRITTEN = "%!$&'()*+,;=:@/?-._~"


class Astray(Exception):
    """Say why the next page that an answer names is not asked for."""


class Follower:
    """Know the URL behind each answer to one call; ``others`` are the operations that none of them may be."""

    def __init__(
        self, operation: Operation, base_url: str, arguments: dict[str, Any], rebuild: Rebuild, others: Iterable[str]
    ) -> None:
        self._operation, self._base_url, self._arguments = operation, base_url.rstrip("/"), arguments
        self._rebuild, self._others = rebuild, tuple(others)

    def after(self, url: str, response: HttpResponse) -> str | None:
        """Return the URL of the page behind one, None behind the last; raises Astray."""
        query = self._arguments.get("query") or {}
        match next_page(self._operation, query, response):
            case NextUrl(url=named):
                return self._within(url, named)
            case NextQuery(parameter=name, value=value):
                return self._asking(name, value)
            case _:
                return None

    def _within(self, url: str, named: str) -> str:
        """Return a URL that an answer names, if it lies where the call was approved for and is no other operation."""
        try:
            found = _joined(url, named)
            check_url(found, self._base_url)
            path = plainest(urlsplit(found).path.removeprefix(urlsplit(self._base_url).path))
        except (Unbuildable, Hostile, ValueError) as fault:
            raise Astray(f"the next page is said to be at {named[:_SHOWN]!r}: {fault}") from fault
        other = other_at(self._operation, segments_of(path), self._others)
        if other and urlsplit(found).path != urlsplit(url).path:
            raise Astray(f"the next page is said to be at {named[:_SHOWN]!r}, which is {other}")
        return found

    def _asking(self, name: str, value: Any) -> str:
        """Return the URL of the same call with another value of one parameter."""
        reason = ""
        for each in _forms(value):
            query = {**(self._arguments.get("query") or {}), name: each}
            try:
                self._arguments = {**self._arguments, "query": query}
                return self._rebuild(self._arguments)
            except Unbuildable as fault:
                reason = reason or str(fault)
        raise Astray(f"the next page is said to be at {name} {str(value)[:_SHOWN]!r}: {reason}")


def _joined(url: str, named: str) -> str:
    """Resolve a URL against the page that names it, and escape what else may not stand in a query."""
    if len(named) > _MOST:
        raise ValueError(f"it has more than {_MOST} characters")
    if not named.isprintable() or "\\" in named or named != named.strip():
        raise ValueError("it holds characters that no URL has")
    plainest(named.partition("?")[0])  # before dot segments are resolved
    address, sign, query = urldefrag(urljoin(url, named)).url.partition("?")
    return address + sign + quote(query, safe=_AS_WRITTEN)


def _forms(value: Any) -> tuple[Any, ...]:
    """Return a cursor as it is written, and as a parameter of the other kind takes it."""
    match value:
        case str() if value.isdecimal() and value.isascii() and len(value) < 16:
            return value, int(value)
        case int() | Decimal():
            return value, str(value)
        case _:
            return (value,)
