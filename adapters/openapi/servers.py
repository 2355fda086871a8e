"""Settle where calls go: to the API's base URL, and where an operation has a server of its own, there or nowhere."""

from collections.abc import Collection, Iterable
from urllib.parse import urljoin, urlsplit

import msgspec

from adapters.openapi.model import Finding, Operation
from adapters.openapi.references import Unusable
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.traversal import Hostile, plainest
from adapters.openapi.requests.urls import check_url
from domain.catalog.bindings import origin_of
from domain.errors import Invalid
from domain.pointers import pointer


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the own base URL of each operation that can be called, "" where it is its API's, and why others cannot."""

    servers: dict[str, str]
    blocked: tuple[Finding, ...]


def place(operations: Iterable[Operation], base_url: str, origins: Collection[str]) -> Placed:
    """Settle where operations go; ``origins`` are the places beside the API's own that an operator allows."""
    servers: dict[str, str] = {}
    blocked = []
    for each in operations:
        try:
            servers[each.name] = _own_base_url(each, base_url.rstrip("/"), origins)
        except (Unusable, Invalid, ValueError) as fault:
            at = pointer("paths", each.path, each.method.lower())
            blocked.append(Finding(severity="error", place=at, message=str(fault), operation=each.name))
    return Placed(servers=servers, blocked=tuple(blocked))


def _own_base_url(operation: Operation, base_url: str, origins: Collection[str]) -> str:
    """Return an operation's first server that is at the API's origin, else the first that an operator allows."""
    urls = [urljoin(f"{base_url}/", each).rstrip("/") for each in operation.servers]
    if not urls or base_url in urls:
        return ""
    own = _origin(base_url)
    found = next((url for url in urls if own and _origin(url) == own), None)
    found = found or next((url for url in urls if _origin(url) in origins), None)
    if found is None:
        raise Unusable(_elsewhere(urls[0], own))
    return checked_base_url(found)


def _origin(url: str) -> str:
    """Return a URL's origin, "" where it has none."""
    try:
        return origin_of(url) if urlsplit(url).hostname else ""
    except ValueError:
        return ""


def _elsewhere(url: str, own: str) -> str:
    if not own and not urlsplit(url).hostname:
        return f"its server is {url[:200]!r} at the API's address, which is not known; name it by --base-url"
    api = own or "the API, whose address is not known"
    said = f"it has a server of its own, {url[:200]!r}, which is not at {api}"
    if urlsplit(url).scheme not in ("http", "https"):
        return f"{said} nor any place that can be called"
    return f"{said}; to let its requests go there, register the document with --allow-origin {_origin(url)[:200]}"


def checked_base_url(url: str) -> str:
    """Return a base URL below which calls can be sent; raises Invalid, rather than every one of them later."""
    url = url.rstrip("/")
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError as fault:
        raise Invalid(f"Expected the API's address, but got {url[:200]!r}: {fault}; name it by --base-url.") from fault
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"Expected the API's address, but the document says {url!r}; name it by --base-url.")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid("Expected a base URL without user, query and fragment; name it by --base-url.")
    return _callable(f"{parts.scheme}{url[len(parts.scheme) :]}")


def _callable(url: str) -> str:
    try:
        check_url(f"{url}/", url)
        plainest(urlsplit(url).path)
    except (Unbuildable, Hostile) as fault:
        raise Invalid(f"Expected a base URL below which calls can be sent: {fault}; name it by --base-url.") from fault
    return url
