"""Turn a document into tools: what can be called becomes a tool, what cannot is skipped with the reason."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from adapters.openapi.keywords import keywords
from adapters.openapi.model import Api, Finding, Operation
from adapters.openapi.names import tool_names
from adapters.openapi.needs import needed
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.source import Source, read_source
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.traversal import Hostile, plainest
from adapters.openapi.requests.urls import check_url
from adapters.openapi.view import description_view, parameters_view
from domain.catalog.events import Tool
from domain.encoding import foreign
from domain.errors import Invalid
from domain.session.events import EffectClass

_REPEATABLE = frozenset({"GET", "HEAD", "QUERY", "OPTIONS", "PUT", "DELETE"})


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what becomes of a document: a tool of each operation that can be called."""

    source: Source
    api: Api
    tools: tuple[Tool, ...]

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """Return the error of each operation that cannot be a tool."""
        return tuple(each for each in self.api.findings if each.severity == "error" and each.operation)

    @property
    def nothing_usable(self) -> str:
        """Say why there are no tools."""
        if not self.blocked:
            return "Expected operations under 'paths', but there are none."
        first, many = self.blocked[0], len(self.blocked)
        return f"Expected an operation that can be called, but of {many} none can. {first.operation}: {first.message}."


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a document gives; ``document`` is the SHA-256 of ``text``, ``dialect`` as in ``openapi-3.1``."""

    document: str
    text: bytes
    title: str
    dialect: str
    base_url: str
    tools: tuple[Tool, ...]
    skipped: tuple[Finding, ...]
    needs: dict[str, str] = {}

    @property
    def operations(self) -> int:
        """Count the document's operations."""
        return len(self.tools) + len(self.skipped)


def read_document(data: bytes, *, api: str, base_url: str | None) -> Ingested:
    """Read a document's tools for one API; ``base_url`` replaces the document's server.

    Raises Invalid where the document cannot be used at all, and TooLarge.
    """
    found = examine(read_source(data), api=api)
    base = _base_url(base_url or found.api.base_url)
    if not found.tools:
        raise Invalid(found.nothing_usable)
    return Ingested(
        document=found.source.digest,
        text=found.source.text,
        title=found.api.title,
        dialect=found.api.dialect,
        base_url=base,
        tools=found.tools,
        skipped=found.blocked,
        needs={operation.name: needed(operation) for operation in found.api.operations},
    )


def examine(source: Source, *, api: str) -> Examined:
    """Make a tool of each operation that can be called; raises Invalid where a document is none."""
    found, document = read_api(source.tree), source.digest
    named = zip(found.operations, tool_names(found.operations), strict=True)
    tools = tuple(_tool(found.tree, each, name, api=api, document=document) for each, name in named)
    return Examined(source=source, api=found, tools=tools)


def _base_url(url: str) -> str:
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
    """Return a base URL if calls below it can be sent; raises Invalid, rather than every one of them later."""
    try:
        check_url(f"{url}/", url)
        plainest(urlsplit(url).path)
    except (Unbuildable, Hostile) as fault:
        raise Invalid(f"Expected a base URL below which calls can be sent: {fault}; name it by --base-url.") from fault
    return url


def _tool(tree: dict[str, Any], operation: Operation, name: str, *, api: str, document: str) -> Tool:
    return Tool(
        name=name,
        api=api,
        operation=operation.name,
        document=document,
        description=description_view(operation),
        effect_class=effect_class(operation.method),
        repeatable=operation.method in _REPEATABLE or operation.honours_key,
        parameters=foreign(parameters_view(tree, operation)),
        deprecated=operation.deprecated,
        keywords=keywords(tree, operation),
    )


def effect_class(method: str) -> EffectClass:
    """Say what an operation may do to the world, by its method; what is not known writes."""
    match method:
        case "GET" | "HEAD" | "QUERY":
            return "read"
        case "PUT":
            return "idempotent-write"
        case "DELETE":
            return "destructive"
        case _:
            return "write"
