"""Register APIs, show the tools that they give, and let an operator override what is said of one."""

from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, patch
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import Text, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.services import Given, Services
from api.writes import Writing
from commands.catalogue import PlainTool, document_of, fetch_document
from domain.catalog.events import Checks, Override
from domain.catalog.overriding import as_said
from domain.envelope import Context
from domain.errors import Invalid
from domain.session.events import EffectClass

DESCRIBE_DEPTH = 4
At: TypeAlias = Annotated[
    str,
    QueryParameter(name="at", max_length=500, description="A JSON pointer into the arguments, as /body/items/0."),
]
Depth: TypeAlias = Annotated[
    int | None,
    QueryParameter(name="depth", ge=1, le=8, description="So many levels of properties, as far as they fit."),
]
Search: TypeAlias = Annotated[
    str, QueryParameter(name="search", max_length=1_000, description="What is looked for, in words: the best first.")
]
EXAMPLE = {"name": "shop", "url": "http://127.0.0.1:8090/openapi.json", "allowPrivate": True}


ApiName: TypeAlias = Annotated[str | None, QueryParameter(name="api", description="Only those of this API.")]
Effect: TypeAlias = Annotated[
    EffectClass | None, QueryParameter(name="effect", description="Only those of this effect class.")
]
Enabled: TypeAlias = Annotated[
    bool | None, QueryParameter(name="enabled", description="Only those that agents may use, or only the others.")
]


class DocumentInput(Input, frozen=True, kw_only=True):
    """Register an API under a name: an OpenAPI document, as an object or a text, or where it is.

    Or a tool without a document: the JSON Schema of what is posted to ``url``, and of what that answers. ``baseUrl``
    replaces the document's server; without ``allowPrivate`` no private address is ever called. ``rateLimit`` is in
    calls a minute, 0 for none. With ``stage`` it is put beside the revision in force, to be checked and activated or
    quarantined later. A ``bundle`` is a zip of files that refer to each other, in base64.
    """

    name: str
    document: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    schema: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    output_schema: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    description: str = ""
    url: str = ""
    bundle: bytes = b""
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


class ToolPatch(Input, frozen=True, kw_only=True):
    """Override what a document says of a tool; null leaves the document's word, what is left out stays.

    ``rateLimit`` is in calls a minute, 0 for none. A disabled tool is not offered to new sessions, and not called for
    those that run. With ``answers`` an answer that is not what the document says is noted (``warn``), or fails its call
    (``enforce``).
    """

    effect_class: EffectClass | msgspec.UnsetType | None = msgspec.UNSET
    repeatable: bool | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType | None = msgspec.UNSET
    deprecated: bool | msgspec.UnsetType | None = msgspec.UNSET
    answers: Checks | msgspec.UnsetType | None = msgspec.UNSET
    scopes: tuple[str, ...] | msgspec.UnsetType | None = msgspec.UNSET
    rate_limit: int | msgspec.UnsetType | None = msgspec.UNSET
    reason: str = ""


class OverrideShown(Output, frozen=True, kw_only=True):
    """Show what an operator says of a tool in place of its document; null is the document's word."""

    effect_class: str | None
    repeatable: bool | None
    enabled: bool | None
    deprecated: bool | None
    answers: str | None
    scopes: tuple[str, ...] | None
    rate_limit: int | None


class ToolWritten(Output, frozen=True, kw_only=True):
    """Say what an operator says of a tool now, and at which version of its API."""

    id: str
    api_id: str
    operation: str
    override: OverrideShown
    version: int
    position: str


class ToolShown(Output, frozen=True, kw_only=True):
    """Show an operation as an agent sees it, in short; ``scopes`` and ``rateLimit`` are those of its own."""

    id: str
    api_id: str
    operation: str
    description: str
    effect_class: str
    repeatable: bool
    enabled: bool
    deprecated: bool
    answers: str
    scopes: tuple[str, ...]
    rate_limit: int


class ToolDescribed(Output, frozen=True, kw_only=True):
    """Show an operation with all it says of itself; ``parameters`` is a JSON Schema of what stands at ``at``.

    ``override`` is what an operator says.
    """

    id: str
    api_id: str
    operation: str
    description: str
    effect_class: str
    repeatable: bool
    enabled: bool
    deprecated: bool
    answers: str
    scopes: tuple[str, ...]
    rate_limit: int
    document: str
    parameters: Any
    at: str
    override: OverrideShown


class ToolList(Output, frozen=True, kw_only=True):
    """List tools by id; ``next`` is the cursor of the following page."""

    tools: tuple[ToolShown, ...]
    next: str | None


async def add_tools(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[DocumentWritten]:
    """Register an OpenAPI document, each usable operation of which becomes a tool, or a tool without a document."""
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
    if bytes(body.schema):
        return _plain(body)
    if bytes(body.output_schema) or body.description:
        raise Invalid("Expected `outputSchema` and `description` only beside a `schema`: a document says them itself.")
    if sum(map(bool, (document, body.url, body.bundle))) != 1:
        raise Invalid("Expected one of `document`, `url` and `bundle`, or `schema` and `url`, but got several or none.")
    if body.url:
        return await _fetch(services, body.url, body.allow_private)
    return body.bundle or _text(document)


def _plain(body: DocumentInput) -> bytes:
    if bytes(body.document) or body.bundle or body.base_url:
        raise Invalid("Expected either a `document` or a `schema`, and beside a schema its `url` without a `baseUrl`.")
    plain = PlainTool(
        name=body.name,
        url=body.url,
        schema=body.schema,
        output=body.output_schema,
        description=body.description,
    )
    return document_of(plain)


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
async def list_tools(
    services: Given,
    read: Reading,
    api: ApiName = None,
    effect: Effect = None,
    enabled: Enabled = None,
    cursor: Cursor = None,
    limit: Limit = 100,
    search: Search = "",
) -> Response[ToolList]:
    """List the tools of all registered APIs by name, disabled ones too, or those that fit a text, the best first."""
    (after,) = keys_of(cursor, read.log_id, tuple[Text]) if cursor else ("",)
    catalog = await services.catalogue.current(read.tenant)
    found = [
        tool
        for document in catalog.documents.values()
        if api in (None, document.api)
        for tool in as_said(document)
        if tool.name > after and effect in (None, tool.effect_class) and enabled in (None, tool.enabled)
    ]
    if search:
        findings = await services.shell.finder.find(found, search, limit)
        best = tuple(view(ToolShown, each.tool, id=each.tool.name, api_id=each.tool.api) for each in findings.found)
        return answer(ToolList(tools=best, next=None))
    found.sort(key=lambda tool: tool.name)
    page, more = found[:limit], len(found) > limit
    shown = tuple(view(ToolShown, tool, id=tool.name, api_id=tool.api) for tool in page)
    return answer(ToolList(tools=shown, next=cursor_to(read.log_id, page[-1].name) if more else None))


@get("/tools/{tool_id:str}", tags=["tools"])
async def show_tool(
    services: Given, read: Reading, tool_id: FromPath[str], at: At = "", depth: Depth = None
) -> Response[ToolDescribed]:
    """Show one operation with the schema of its arguments, or a part of it, as deep as asked; its ETag is its API's."""
    # Read first: what is shown is at least that new, and a write decided on it is refused if it was changed.
    _, tool = await services.catalogue.find_tool(read.tenant, tool_id)
    version = await services.catalogue.version(read.tenant, "document", tool.api)
    shown = await described(services, read.tenant, tool_id, at=at, depth=depth)
    return answer(shown, etag=version)


async def described(services: Services, tenant: str, tool_id: str, *, at: str, depth: int | None) -> ToolDescribed:
    """Describe a tool as it is said to be now; without a place or a depth its arguments as agents see them."""
    document, tool = await services.catalogue.find_tool(tenant, tool_id)
    override = view(OverrideShown, document.overrides.get(tool.operation, Override()))
    told = await services.shell.tools.describe(tenant, tool, at=at, depth=depth or DESCRIBE_DEPTH)
    return view(
        ToolDescribed,
        tool,
        id=tool.name,
        api_id=tool.api,
        override=override,
        description=told.text,
        parameters=told.parameters if at or depth else tool.parameters,
        at=at,
    )


@patch("/tools/{tool_id:str}", opt={"body": ToolPatch}, tags=["tools"])
async def change_tool(
    request: Request[Any, Any, Any], services: Given, write: Writing, tool_id: FromPath[str]
) -> Response[ToolWritten]:
    """Override what a document says of a tool, for every revision that has the operation."""
    body = await body_of(request, ToolPatch)
    changes = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
    reason = changes.pop("reason")
    context = await write.context("administer")
    done = await services.catalogue.override_tool(tool_id, changes, context, reason=reason, expected=write.version)
    position = outside(await services.shell.store.log_id(), done.position)
    override = view(OverrideShown, done.override)
    written = view(ToolWritten, done, id=done.name, api_id=done.api, override=override, position=position)
    return answer(written, etag=done.version)
