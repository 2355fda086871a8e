"""Serve an API that answers in pages, as each test has it, and call it with real requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from adapters.http.dialer import HttpDialer
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from commands.ports import ToolAnswer, ToolCall, Turn, any_time
from domain.catalog.events import Binding, Tool
from domain.catalog.state import Document
from domain.encoding import digest_bytes, foreign
from ops.sample.http_server import Request, Response, serving

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def operation(name: str, query: dict[str, Any], answer: Any = None, **more: Any) -> dict[str, Any]:
    """Describe a reading operation."""
    parameters = [{"name": key, "in": "query", "schema": schema} for key, schema in query.items()]
    content = {"application/json": {"schema": answer or {}}}
    return {"operationId": name, "parameters": parameters, "responses": {"200": {"content": content, **more}}}


def answer_of(**members: Any) -> dict[str, Any]:
    """Describe an answer by its members."""
    return {"type": "object", "properties": members}


LINKED = {"headers": {"Link": {"schema": TEXT}}}
PATHS = {
    "/things": {"get": operation("linked", {"page": TEXT}, **LINKED)},
    "/urls": {"get": operation("urls", {"q": TEXT}, answer_of(next=TEXT, items={"type": "array", "items": NUMBER}))},
    "/cursors": {"get": operation("cursors", {"cursor": TEXT, "q": TEXT})},
    "/counted": {"get": operation("counted", {"page": NUMBER}, answer_of(page=NUMBER, total_pages=NUMBER))},
    "/offsets": {"get": operation("offsets", {"offset": NUMBER}, answer_of(offset=NUMBER, limit=NUMBER, total=NUMBER))},
    "/behind": {"get": operation("behind", {"starting_after": TEXT}, answer_of(has_more={"type": "boolean"}))},
    "/plain": {"get": operation("plain", {"page": NUMBER, "limit": NUMBER}, answer_of(items=TEXT))},
    "/written": {"post": operation("written", {"cursor": TEXT}, answer_of(next_cursor=TEXT))},
    "/either": {
        "get": {
            **operation("either", {"cursor": TEXT}),
            "responses": {"200": {"content": {"application/json": {}, "text/csv": {}}}},
        }
    },
    "/admin/{id}": {
        "get": operation("admin", {}),
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
    },
}


class Kept:
    """Keep a document, and bindings with their secrets."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bindings: tuple[Binding, ...] = ()

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the document."""
        assert digest == digest_bytes(self.data)
        return self.data

    def permit(self, reference: str, *, tenant: str) -> None:
        """Permit every reference."""

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return the one secret."""
        return "canary-secret"

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound."""
        return self.bindings


@dataclass
class Paged:
    """Hold the API, and what it was asked."""

    url: str
    tools: OpenApiTools
    document: Document
    kept: Kept
    heard: list[Request] = field(default_factory=list)

    def tool(self, name: str) -> Tool:
        """Find a tool."""
        return next(each for each in self.document.tools if each.name == name)

    def call(self, name: str, arguments: object) -> ToolCall:
        """Name a call."""
        return ToolCall(tenant="local", tool=self.tool(name), document=self.document, arguments=foreign(arguments))

    async def problems(self, name: str, arguments: object) -> tuple[str, ...]:
        """Check a call."""
        return (await self.tools.check(self.call(name, arguments))).problems

    async def send(
        self, name: str, arguments: object, *, turn: Turn = any_time, timeout_ms: int = 60_000
    ) -> ToolAnswer:
        """Check a call and send what was checked."""
        call = self.call(name, arguments)
        checked = await self.tools.check(call)
        assert not checked.problems, checked.problems
        return await self.tools.send(
            call,
            request_digest=checked.request_digest,
            idempotency_key="k",
            timeout_ms=timeout_ms,
            not_after=datetime.now(UTC) + timedelta(seconds=60),
            credentials=await self.tools.credentials(call),
            turn=turn,
        )

    def enforce(self) -> None:
        """Let every answer be as described, or fail."""
        tools = tuple(replace(each, answers="enforce") for each in self.document.tools)
        self.document = replace(self.document, tools=tools)

    def targets(self) -> list[str]:
        """Return what was asked for, in order: the path, and its query."""
        return [f"{each.path}?{'&'.join(f'{k}={v}' for k, v in each.query.items())}" for each in self.heard]


Answering = Callable[[Request, int], Response | None]


@asynccontextmanager
async def paged(answering: Answering, *, slowness: float = 0, **document: Any) -> AsyncIterator[Paged]:
    """Serve answers to the first request, the second and so on, below ``/v1``, each after some seconds."""
    heard: list[Request] = []

    async def serve(request: Request) -> Response | None:
        heard.append(request)
        await asyncio.sleep(slowness)
        return answering(request, len(heard))

    async with serving(serve) as url, HttpDialer() as dialer:
        written = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": PATHS, **document}
        data = json.dumps(written).encode()
        found = OpenApiDocuments().ingest(data, api="api", base_url=f"{url}/v1")
        registered = Document(
            api="api",
            document=digest_bytes(found.text),
            base_url=found.base_url,
            allow_private=True,
            tools=found.tools,
        )
        kept = Kept(found.text)
        yield Paged(url, OpenApiTools(dialer, kept, Credentials(dialer, kept, kept)), registered, kept, heard)
