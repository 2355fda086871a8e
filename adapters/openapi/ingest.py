"""Turn a document into tools: what can be called becomes a tool, what cannot is skipped with the reason."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import msgspec

from adapters.openapi.names import tool_names
from adapters.openapi.operations import Operation, operation_names, read_operation
from adapters.openapi.references import Unusable, list_of, object_of, text_of
from adapters.openapi.text import read_text
from adapters.openapi.view import parameters_view
from domain.catalog.events import Tool
from domain.encoding import digest_bytes, foreign
from domain.errors import Invalid
from domain.session.events import EffectClass

_DESCRIPTION = 300


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Name an operation that cannot be a tool, and why."""

    operation: str
    reason: str


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a document gives; ``document`` is the SHA-256 of its bytes, ``dialect`` as in ``openapi-3.1``."""

    document: str
    title: str
    dialect: str
    base_url: str
    tools: tuple[Tool, ...]
    skipped: tuple[Skipped, ...]

    @property
    def operations(self) -> int:
        """Count the document's operations."""
        return len(self.tools) + len(self.skipped)


def read_document(data: bytes, *, api: str, base_url: str | None) -> Ingested:
    """Read a document's tools for one API; ``base_url`` replaces the document's server.

    Raises Invalid where the document cannot be used at all, and TooLarge.
    """
    tree = read_text(data)
    dialect = _dialect(tree)
    base = _base_url(tree, base_url)
    document = digest_bytes(data)
    operations, skipped = _operations(tree)
    names = tool_names(operations)
    tools = [_tool(tree, each, name, api=api, document=document) for each, name in zip(operations, names, strict=True)]
    unique, twins = _without_twins(tools)
    if not unique:
        raise Invalid(_nothing_usable((*skipped, *twins)))
    return Ingested(
        document=document,
        title=text_of(object_of(tree, "info"), "title"),
        dialect=dialect,
        base_url=base,
        tools=tuple(unique),
        skipped=(*skipped, *twins),
    )


def _dialect(tree: dict[str, Any]) -> str:
    version = tree.get("openapi", tree.get("swagger"))
    match str(version).split("."):
        case ["3", ("0" | "1" | "2") as minor, *_]:
            return f"openapi-3.{minor}"
        case ["2", "0", *_]:
            return "swagger-2.0"
        case _:
            raise Invalid(f"Expected 'openapi: 3.x' or 'swagger: 2.0' at the document's top, not {version!r}.")


def _base_url(tree: dict[str, Any], given: str | None) -> str:
    url = (given or _server(tree)).rstrip("/")
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError as fault:
        raise Invalid(f"Expected the API's address, but got {url[:200]!r}: {fault}; name it by --base-url.") from fault
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"Expected the API's address, but the document says {url!r}; name it by --base-url.")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid("Expected a base URL without user, query and fragment; name it by --base-url.")
    return url


def _server(tree: dict[str, Any]) -> str:
    if "swagger" in tree:
        schemes = list_of(tree, "schemes") or ["https"]
        scheme = "https" if "https" in schemes else str(schemes[0])
        return f"{scheme}://{tree['host']}{tree.get('basePath', '')}" if tree.get("host") else ""
    server = next(iter(list_of(tree, "servers")), None)
    if not isinstance(server, dict):
        return ""
    url = text_of(server, "url")
    for name, variable in object_of(server, "variables").items():
        default = variable.get("default", "") if isinstance(variable, dict) else ""
        url = url.replace(f"{{{name}}}", str(default))
    return url


def _operations(tree: dict[str, Any]) -> tuple[list[Operation], list[Skipped]]:
    operations, skipped = [], []
    for method, path in operation_names(tree):
        try:
            operations.append(read_operation(tree, method, path))
        except Unusable as fault:
            skipped.append(Skipped(operation=f"{method} {path}", reason=str(fault)))
    return operations, skipped


def _without_twins(tools: list[Tool]) -> tuple[list[Tool], list[Skipped]]:
    counts = Counter(tool.name for tool in tools)
    twins = [tool for tool in tools if counts[tool.name] > 1]
    reason = "another operation has the same name"
    skipped = [Skipped(operation=tool.operation, reason=reason) for tool in twins]
    return [tool for tool in tools if counts[tool.name] == 1], skipped


def _nothing_usable(skipped: tuple[Skipped, ...]) -> str:
    if not skipped:
        return "Expected operations under 'paths', but there are none."
    first = skipped[0]
    return (
        f"Expected an operation that can be called, but of {len(skipped)} none can. {first.operation}: {first.reason}."
    )


def _tool(tree: dict[str, Any], operation: Operation, name: str, *, api: str, document: str) -> Tool:
    return Tool(
        name=name,
        api=api,
        operation=operation.name,
        document=document,
        description=" ".join(operation.description.split())[:_DESCRIPTION],
        effect_class=effect_class(operation.method),
        repeatable=operation.method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE") or operation.honours_key,
        parameters=foreign(parameters_view(tree, operation)),
    )


def effect_class(method: str) -> EffectClass:
    """Say what an operation may do to the world, by its method; what is not known writes."""
    match method:
        case "GET" | "HEAD":
            return "read"
        case "PUT":
            return "idempotent-write"
        case "DELETE":
            return "destructive"
        case _:
            return "write"
