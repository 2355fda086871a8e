"""Register APIs: documents, bundles of files, and tools without a document; or only check what they would give."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from commands.authorize import Principal, require
from commands.catalogue import PlainTool, Settings, check_aside, document_of, fetch_document
from domain.envelope import Context
from domain.errors import Invalid

EXAMPLE = {"name": "shop", "url": "http://127.0.0.1:8090/openapi.json", "allowPrivate": True}
CHECK_EXAMPLE = {"url": "http://127.0.0.1:8090/openapi.json", "allowPrivate": True}


class DocumentInput(Input, frozen=True, kw_only=True):
    """Register an API under a name: an OpenAPI document, as an object or a text, or where it is.

    Or a tool without a document: the JSON Schema of what is posted to ``url``, and of what that answers. ``baseUrl``
    replaces the document's server; without ``allowPrivate`` no private address is ever called. ``rateLimit`` is in
    calls a minute, 0 for none. With ``stage`` it is put beside the revision in force, to be checked and activated or
    quarantined later. A ``bundle`` is a zip of files that refer to each other, in base64. ``allowOrigins`` are places
    beside the API's own where operations with servers of their own may be.
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
    allow_origins: tuple[str, ...] = ()
    stage: bool = False


class CheckInput(Input, frozen=True, kw_only=True):
    """Name a document as `POST /tools` does: as an object or a text, where it is, or as a zip of files in base64."""

    document: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    url: str = ""
    bundle: bytes = b""
    base_url: str = ""
    allow_private: bool = False
    allow_origins: tuple[str, ...] = ()


class DiagnosticShown(Output, frozen=True, kw_only=True):
    """Say what is wrong or odd at a JSON pointer into a document; an error keeps its operation from being a tool."""

    severity: str
    place: str
    operation: str
    message: str


class DocumentChecked(Output, frozen=True, kw_only=True):
    """Say what a document would give; ``viewBytes`` is what a model is sent of all tools, ``viewMedian`` of one."""

    ok: bool
    dialect: str
    operations: int
    tools: int
    skipped: int
    diagnostics: tuple[DiagnosticShown, ...]
    view_bytes: int
    view_median: int


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


async def check_tools(request: Request[Any, Any, Any], services: Given, read: Reading) -> Response[DocumentChecked]:
    """Say what a document would give and what is wrong with it; nothing is registered."""
    return answer(await checked(services, read.principal, await body_of(request, CheckInput)))


async def checked(services: Services, principal: Principal, asked: CheckInput) -> DocumentChecked:
    """Check a document for whoever could register it; raises Forbidden, Invalid, TooLarge."""
    require(principal, "administer")
    data = await _document(services, asked)
    found = await check_aside(services.documents, data, base_url=asked.base_url, origins=asked.allow_origins)
    return view(DocumentChecked, found, diagnostics=tuple(view(DiagnosticShown, each) for each in found.diagnostics))


async def add_tools(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[DocumentWritten]:
    """Register an OpenAPI document, each usable operation of which becomes a tool, or a tool without a document."""
    body = await body_of(request, DocumentInput)
    done = await added(services, body, await write.context("administer"))
    return answer(done, status=201, etag=done.version)


async def added(services: Services, body: DocumentInput, context: Context) -> DocumentWritten:
    """Register or stage what was given; raises Refused."""
    if body.stage:
        return await _stage(services, body, context)
    # A repeated request is answered without asking its URL again.
    done = await services.catalogue.registered_before(services.documents, context)
    done = done or await services.catalogue.register_document(
        services.documents,
        await _material(services, body),
        context,
        api=body.name,
        settings=_settings(body),
    )
    said = {"api_id": done.name, "digest": done.digest, "status": "active", "tools": done.tools}
    return await _written(services, said, done.skipped, done.version, done.position)


async def _stage(services: Services, body: DocumentInput, context: Context) -> DocumentWritten:
    done = await services.catalogue.staged_before(context)
    done = done or await services.catalogue.stage_document(
        services.documents,
        await _material(services, body),
        context,
        api=body.name,
        settings=_settings(body),
    )
    staged = done.revision
    reasons = await services.catalogue.skipped(services.documents, context.tenant, staged)
    said = {"api_id": staged.api, "digest": staged.document, "status": "staged", "tools": staged.tools}
    return await _written(services, said, reasons, done.version, done.position)


async def _written(
    services: Services, said: dict[str, Any], reasons: tuple[str, ...], version: int, position: int
) -> DocumentWritten:
    where = outside(await services.shell.store.log_id(), position)
    return DocumentWritten(**said, skipped=len(reasons), reasons=reasons, version=version, position=where)


def _settings(body: DocumentInput) -> Settings:
    return Settings(
        base_url=body.base_url,
        scopes=body.scopes,
        rate_limit=body.rate_limit,
        allow_private=body.allow_private,
        origins=body.allow_origins,
    )


async def _material(services: Services, body: DocumentInput) -> bytes:
    if bytes(body.schema):
        return _plain(body)
    if bytes(body.output_schema) or body.description:
        raise Invalid("Expected `outputSchema` and `description` only beside a `schema`: a document says them itself.")
    return await _document(services, body, "one of `document`, `url` and `bundle`, or `schema` and `url`")


async def _document(
    services: Services, body: DocumentInput | CheckInput, expected: str = "one of `document`, `url` and `bundle`"
) -> bytes:
    document = bytes(body.document)
    if sum(map(bool, (document, body.url, body.bundle))) != 1:
        raise Invalid(f"Expected {expected}, but got several or none.")
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
