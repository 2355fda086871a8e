"""Find where an answer says that its next page is; what it says is followed elsewhere, or not."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from adapters.openapi.model import Operation
from adapters.openapi.paging.members import URLS, counter_in, cursor_parameter, leaf, members_of, plain_name
from commands.ports import HttpResponse
from domain.encoding import parse

_LINK = re.compile(r'<([^<>]*)>((?:[^",<]|"[^"]*")*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_HAS_MORE = ("hasmore", "hasnextpage", "pageinfo.hasnextpage", "hasnext")


class NextUrl(msgspec.Struct, frozen=True, kw_only=True):
    """Name the next page by a URL as the answer writes it, which may be relative."""

    url: str


class NextQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Name the next page by the value of one query parameter."""

    parameter: str
    value: Any


Next: TypeAlias = NextUrl | NextQuery


def next_page(operation: Operation, query: Mapping[str, Any], response: HttpResponse) -> Next | None:
    """Return where the next page is, None where the answer does not say: a Link first (RFC 8288), then its members.

    ``query`` are the query parameters that were sent; the body is JSON.
    """
    linked = next(_linked(response), None)
    if linked:
        return NextUrl(url=linked)
    body = parse(response.body)
    members, parameters = members_of(body), _parameters(operation)
    if any(members.get(each) is False for each in _HAS_MORE):
        return None
    return (
        _url(members, body)
        or _cursor(members, parameters)
        or _counted(members, parameters, query)
        or _behind_last(members, parameters)
    )


def _parameters(operation: Operation) -> dict[str, str]:
    return {plain_name(each.name): each.name for each in operation.parameters if each.place == "query"}


def _linked(response: HttpResponse) -> Iterator[str]:
    for name, value in response.headers:
        for url, said in _LINK.findall(value) if name == "link" else ():
            rel = _REL.search(said)
            if rel and "next" in (rel[1] or rel[2]).lower().split():
                yield url


def _url(members: Mapping[str, Any], body: Any) -> NextUrl | None:
    held = [_href(value) for name, value in members.items() if leaf(name) in URLS]
    found = next((url for url in (*held, *_listed(members)) if _is_url(url)), None)
    return NextUrl(url=found) if found else None


def _href(value: Any) -> Any:
    return value.get("href", value.get("url")) if isinstance(value, dict) else value


def _listed(members: Mapping[str, Any]) -> Iterator[Any]:
    """Yield where lists of links lead whose relation is the next page, as ``links: [{rel: next, href: …}]``."""
    for name in ("links", "link"):
        links = members.get(name)
        for each in links if isinstance(links, list) else ():
            if isinstance(each, dict) and each.get("rel", each.get("relation")) == "next":
                yield _href(each)


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith(("?", "/")) or "://" in value)


def _cursor(members: Mapping[str, Any], parameters: Mapping[str, str]) -> NextQuery | None:
    for name, value in members.items():
        parameter = cursor_parameter(name, parameters)
        if parameter and _is_cursor(value):
            return NextQuery(parameter=parameters[parameter], value=value)
    return None


def _is_cursor(value: Any) -> bool:
    return isinstance(value, str | int | Decimal) and not isinstance(value, bool) and value != ""


def _counted(members: Mapping[str, Any], parameters: Mapping[str, str], query: Mapping[str, Any]) -> NextQuery | None:
    counter = counter_in(members, parameters)
    if counter is None:
        return None
    here, end = members[counter.here], members[counter.end]
    step = members[counter.size] if counter.size else 1
    # Items are counted from 0, pages up to the last one.
    last = end - 1 if counter.size and _is_count(end) else end
    parameter = parameters[counter.parameter]
    sound = all(map(_is_count, (here, last, step))) and step > 0 and query.get(parameter, here) == here
    return NextQuery(parameter=parameter, value=here + step) if sound and here + step <= last else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _behind_last(members: Mapping[str, Any], parameters: Mapping[str, str]) -> NextQuery | None:
    """Ask behind the last item's id, as APIs do that tell of ``has_more`` and take ``starting_after``."""
    items, parameter = members.get("data"), parameters.get("startingafter")
    if not parameter or members.get("hasmore") is not True or not isinstance(items, list) or not items:
        return None
    last = items[-1].get("id") if isinstance(items[-1], dict) else None
    return NextQuery(parameter=parameter, value=last) if _is_cursor(last) else None
