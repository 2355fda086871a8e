"""Register OpenAPI documents and show the tools that they give."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import Text, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.services import Given, Services
from api.writes import Writing
from commands.catalogue import fetch_document
from domain.catalog.events import Tool
from domain.envelope import Context
from domain.errors import Invalid, NotFound

EXAMPLE = {"name": "shop", "url": "http://127.0.0.1:8090/openapi.json", "allowPrivate": True}


class DocumentInput(Input, frozen=True, kw_only=True):
    """Register an OpenAPI document under a name: the document itself, as an object or a text, or where it is.

    ``baseUrl`` replaces the document's server; without ``allowPrivate`` no private address is ever called. With
    ``stage`` it is put beside the revision in force, to be checked and activated or quarantined later.
    """

    name: str
    document: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    url: str = ""
    base_url: str = ""
    scopes: tuple[str, ...] = ()
    rate_limit: Annotated[int, msgspec.Meta(ge=0)] = 0
    allow_private: bool = False
    stage: bool = False


class DocumentWritten(Output, frozen=True, kw_only=True):
    """Count what a document gave; ``reasons`` says of each skipped operation why it is no tool.

    ``status`` is active, or staged: then it gives no tools yet.
    """

    api_id: str
    digest: str
    status: str
    tools: int
    skipped: int
    reasons: tuple[str, ...]
    version: int
    position: str


class ToolShown(Output, frozen=True, kw_only=True):
    """Show an operation as an agent sees it, in short."""

    id: str
    api_id: str
    operation: str
    description: str
    effect_class: str
    repeatable: bool


class ToolDescribed(Output, frozen=True, kw_only=True):
    """Show an operation as an agent sees it; ``parameters`` is a JSON Schema."""

    id: str
    api_id: str
    operation: str
    description: str
    effect_class: str
    repeatable: bool
    document: str
    parameters: Any


class ToolList(Output, frozen=True, kw_only=True):
    """List tools by id; ``next`` is the cursor of the following page."""

    tools: tuple[ToolShown, ...]
    next: str | None


async def add_tools(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[DocumentWritten]:
    """Register an OpenAPI document: each usable operation becomes a tool."""
    body = await body_of(request, DocumentInput)
    context = await write.context("administer")
    if body.stage:
        return await _stage(services, body, context)
    # A repeated request is answered without asking its URL again.
    done = await services.catalogue.registered_before(services.documents, context)
    done = done or await services.catalogue.register_document(
        services.documents,
        await _document(services, body),
        context,
        api=body.name,
        base_url=body.base_url,
        scopes=body.scopes,
        rate_limit=body.rate_limit,
        allow_private=body.allow_private,
    )
    written = DocumentWritten(
        api_id=done.name,
        digest=done.digest,
        status="active",
        tools=done.tools,
        skipped=len(done.skipped),
        reasons=done.skipped,
        version=done.version,
        position=outside(await services.shell.store.log_id(), done.position),
    )
    return answer(written, status=201, etag=done.version)


async def _stage(services: Services, body: DocumentInput, context: Context) -> Response[DocumentWritten]:
    done = await services.catalogue.staged_before(context)
    done = done or await services.catalogue.stage_document(
        services.documents,
        await _document(services, body),
        context,
        api=body.name,
        base_url=body.base_url,
        scopes=body.scopes,
        rate_limit=body.rate_limit,
        allow_private=body.allow_private,
    )
    staged = done.revision
    reasons = await services.catalogue.skipped(services.documents, context.tenant, staged)
    written = DocumentWritten(
        api_id=staged.api,
        digest=staged.document,
        status="staged",
        tools=staged.tools,
        skipped=staged.skipped,
        reasons=reasons,
        version=done.version,
        position=outside(await services.shell.store.log_id(), done.position),
    )
    return answer(written, status=201, etag=done.version)


async def _document(services: Services, body: DocumentInput) -> bytes:
    document = bytes(body.document)
    if bool(document) == bool(body.url):
        raise Invalid("Expected either `document` or `url`, but got both or neither.")
    return _text(document) if document else await _fetch(services, body.url, body.allow_private)


def _text(document: bytes) -> bytes:
    """Return a document's bytes: an object as it stands in the body, or what a string holds."""
    if document.lstrip()[:1] == b'"':
        return msgspec.json.decode(document, type=str).encode()
    return document


async def _fetch(services: Services, url: str, allow_private: bool) -> bytes:
    try:
        urlsplit(url)
    except ValueError as fault:
        raise Invalid(f"Expected the URL of a document at {url[:200]!r}, but {fault}.") from fault
    return await fetch_document(services.dialer, url, allow_private=allow_private, max_bytes=services.max_document)


@get("/tools", tags=["tools"])
async def list_tools(services: Given, read: Reading, cursor: Cursor = None, limit: Limit = 100) -> Response[ToolList]:
    """List the tools of all registered documents."""
    (after,) = keys_of(cursor, read.log_id, tuple[Text]) if cursor else ("",)
    tools = sorted((tool for tool in await _tools(services, read.tenant) if tool.name > after), key=lambda t: t.name)
    page, more = tools[:limit], len(tools) > limit
    shown = tuple(
        ToolShown(
            id=tool.name,
            api_id=tool.api,
            operation=tool.operation,
            description=tool.description,
            effect_class=tool.effect_class,
            repeatable=tool.repeatable,
        )
        for tool in page
    )
    return answer(ToolList(tools=shown, next=cursor_to(read.log_id, page[-1].name) if more else None))


@get("/tools/{tool_id:str}", tags=["tools"])
async def show_tool(services: Given, read: Reading, tool_id: FromPath[str]) -> Response[ToolDescribed]:
    """Show one operation with the schema of its arguments."""
    tool = next((tool for tool in await _tools(services, read.tenant) if tool.name == tool_id), None)
    if tool is None:
        raise NotFound(f"Expected a tool that exists, but there is none with the id {tool_id[:100]!r}.")
    return answer(
        ToolDescribed(
            id=tool.name,
            api_id=tool.api,
            operation=tool.operation,
            description=tool.description,
            effect_class=tool.effect_class,
            repeatable=tool.repeatable,
            document=tool.document,
            parameters=tool.parameters,
        )
    )


async def _tools(services: Services, tenant: str) -> list[Tool]:
    catalog = await services.catalogue.current(tenant)
    return [tool for document in catalog.documents.values() for tool in document.tools]
