"""Build a request from checked arguments."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.openapi.model import Operation
from adapters.openapi.requests.bodies import write_body
from adapters.openapi.requests.built import Built
from adapters.openapi.requests.headers import Header, write_cookies, write_headers
from adapters.openapi.requests.negotiation import accept
from adapters.openapi.requests.paths import write_path
from adapters.openapi.requests.queries import write_query
from adapters.openapi.requests.urls import check_url


def build(
    operation: Operation,
    tree: dict[str, Any],
    base_url: str,
    arguments: Mapping[str, Any],
    *,
    files: Mapping[str, bytes] | None = None,
    others: Iterable[str] = (),
) -> Built:
    """Build a request; raises Unbuildable with the place and what was expected there.

    ``tree`` is the document, ``files`` the stored files that the arguments name, by digest. ``others`` are operations
    by name that the path must not be taken for; they are asked for only where a value holds a slash.
    """
    path = write_path(operation, _group(arguments, "path"), others)
    query = write_query(operation, _group(arguments, "query"))
    url = f"{base_url.rstrip('/')}{path}" + (f"?{query}" if query else "")
    check_url(url, base_url)
    typed, body = _body(operation, tree, arguments, files or {})
    headers = write_headers(operation, _group(arguments, "header"))
    cookies = write_cookies(operation, _group(arguments, "cookie"))
    asked = ("accept", accept(operation.answers))
    sent = (asked, *typed, *headers, *cookies)
    return Built(method=operation.method, url=url, headers=sent, body=body, pages=int(arguments.get("pages", 1)))


def _group(arguments: Mapping[str, Any], place: str) -> dict[str, Any]:
    return arguments.get(place) or {}


def _body(
    operation: Operation, tree: dict[str, Any], arguments: Mapping[str, Any], files: Mapping[str, bytes]
) -> tuple[list[Header], bytes]:
    if operation.body is None or "body" not in arguments:
        return [], b""
    kind, data = write_body(operation.body, tree, arguments["body"], files)
    return [("content-type", kind)], data
