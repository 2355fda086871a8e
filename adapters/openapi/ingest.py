"""Turn a document into tools: what can be called becomes a tool, what cannot is skipped with the reason."""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters.openapi.keywords import keywords
from adapters.openapi.model import Api, Finding, Operation
from adapters.openapi.names import tool_names
from adapters.openapi.needs import needed
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.source import Source, read_source
from adapters.openapi.references import object_of
from adapters.openapi.servers import checked_base_url, place
from adapters.openapi.view import description_view, parameters_view
from domain.catalog.effects import effect_of_operation
from domain.catalog.events import Tool
from domain.encoding import foreign
from domain.errors import Invalid
from domain.session.events import EffectClass

_REPEATABLE = frozenset({"PUT", "DELETE"})
_READS = frozenset({"GET", "HEAD", "QUERY"})
"""May be sent again too, unless the operation orders something all the same."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what becomes of a document: a tool of each operation that can be called."""

    source: Source
    api: Api
    tools: tuple[Tool, ...]
    base_url: str

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """Return the error of each operation that cannot be a tool."""
        return tuple(each for each in self.api.findings if each.severity == "error" and each.operation)

    @property
    def only_hears(self) -> bool:
        """Tell whether the document describes what its API calls, webhooks, and nothing that could be called."""
        faulty = any(each.severity == "error" for each in self.api.findings)
        return bool(object_of(self.api.tree, "webhooks")) and not self.tools and not faulty

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


def read_document(data: bytes, *, api: str, base_url: str | None, origins: Collection[str] = ()) -> Ingested:
    """Read a document's tools for one API; ``base_url`` replaces the document's server.

    ``origins`` are further places where operations with servers of their own may be. Raises Invalid where the document
    cannot be used at all, and TooLarge.
    """
    found = examine(read_source(data), api=api, base_url=base_url, origins=origins)
    base = checked_base_url(found.base_url)
    if not found.tools and not found.only_hears:
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


def examine(source: Source, *, api: str, base_url: str | None = None, origins: Collection[str] = ()) -> Examined:
    """Make a tool of each operation that can be called; raises Invalid where a document is none."""
    found, document = read_api(source.tree), source.digest
    base = base_url or found.base_url
    placed = place(found.operations, base, origins)
    usable = [each for each in found.operations if each.name in placed.servers]
    tools = tuple(
        _tool(found.tree, each, name, api=api, document=document, server=placed.servers[each.name])
        for each, name in zip(usable, tool_names(usable), strict=True)
    )
    whole = replace(found, operations=tuple(usable), findings=(*found.findings, *placed.blocked))
    return Examined(source=source, api=whole, tools=tools, base_url=base)


def _tool(tree: dict[str, Any], operation: Operation, name: str, *, api: str, document: str, server: str) -> Tool:
    effect = effect_of_operation(operation.method, operation.operation_id, operation.path)
    return Tool(
        name=name,
        api=api,
        operation=operation.name,
        document=document,
        description=description_view(operation),
        effect_class=effect,
        repeatable=operation.honours_key or _may_be_repeated(operation.method, effect),
        parameters=foreign(parameters_view(tree, operation)),
        deprecated=operation.deprecated,
        keywords=keywords(tree, operation),
        server=server,
    )


def _may_be_repeated(method: str, effect: EffectClass) -> bool:
    return method in _REPEATABLE or (method in _READS and effect == "read")
