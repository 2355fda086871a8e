"""Register APIs, show the tools that they give, and let an operator override what is said of one."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

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
from domain.catalog.events import Checks, Override, Tool
from domain.catalog.outputs import output_label
from domain.catalog.overriding import as_said
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
Rank: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=5_000)]
"""How many of those that were found stand before a page."""


ApiName: TypeAlias = Annotated[str | None, QueryParameter(name="api", description="Only those of this API.")]
Effect: TypeAlias = Annotated[
    EffectClass | None, QueryParameter(name="effect", description="Only those of this effect class.")
]
Enabled: TypeAlias = Annotated[
    bool | None, QueryParameter(name="enabled", description="Only those that agents may use, or only the others.")
]


class ToolPatch(Input, frozen=True, kw_only=True):
    """Override what a document says of a tool; null leaves the document's word, what is left out stays.

    ``rateLimit`` is in calls a minute, 0 for none. A disabled tool is not offered to new sessions, and not called for
    those that run. With ``answers`` an answer that is not what the document says is noted (``warn``), or fails its call
    (``enforce``). What it answers is ``trusted`` where no one else can have written it, and ``private`` where it is not
    for others' eyes.
    """

    effect_class: EffectClass | msgspec.UnsetType | None = msgspec.UNSET
    repeatable: bool | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType | None = msgspec.UNSET
    deprecated: bool | msgspec.UnsetType | None = msgspec.UNSET
    answers: Checks | msgspec.UnsetType | None = msgspec.UNSET
    scopes: tuple[str, ...] | msgspec.UnsetType | None = msgspec.UNSET
    rate_limit: int | msgspec.UnsetType | None = msgspec.UNSET
    trusted: bool | msgspec.UnsetType | None = msgspec.UNSET
    private: bool | msgspec.UnsetType | None = msgspec.UNSET
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
    trusted: bool | None
    private: bool | None


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

    ``override`` is what an operator says; ``trusted`` and ``private`` are what its answers are taken for.
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
    trusted: bool
    private: bool
    document: str
    parameters: Any
    at: str
    override: OverrideShown


class ToolList(Output, frozen=True, kw_only=True):
    """List tools by id; ``next`` is the cursor of the following page."""

    tools: tuple[ToolShown, ...]
    next: str | None


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
    known = await tools_known(services, read.tenant, api=api, effect=effect, enabled=enabled)
    if search:
        (before,) = keys_of(cursor, read.log_id, tuple[Rank]) if cursor else (0,)
        found = (await services.shell.finder.find(known, search, before + limit + 1)).found[before:]
        return answer(_page([each.tool for each in found], limit, lambda _: cursor_to(read.log_id, before + limit)))
    (after,) = keys_of(cursor, read.log_id, tuple[Text]) if cursor else ("",)
    behind = sorted((tool for tool in known if tool.name > after), key=lambda tool: tool.name)
    return answer(_page(behind, limit, lambda last: cursor_to(read.log_id, last.name)))


async def tools_known(
    services: Services, tenant: str, *, api: str | None, effect: str | None, enabled: bool | None
) -> list[Tool]:
    """Return the tools as operators say they are: of one API, one effect class, enabled or not."""
    catalog = await services.catalogue.current(tenant)
    return [
        tool
        for document in catalog.documents.values()
        if api in (None, document.api)
        for tool in as_said(document)
        if effect in (None, tool.effect_class) and enabled in (None, tool.enabled)
    ]


def _page(tools: Sequence[Tool], limit: int, cursor: Callable[[Tool], str]) -> ToolList:
    """Return the first of some tools, and where there are more of them the cursor behind the last one shown."""
    page = tools[:limit]
    shown = tuple(view(ToolShown, tool, id=tool.name, api_id=tool.api) for tool in page)
    return ToolList(tools=shown, next=cursor(page[-1]) if len(tools) > limit else None)


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
    label = output_label(tool)
    return view(
        ToolDescribed,
        tool,
        id=tool.name,
        api_id=tool.api,
        override=override,
        trusted=label.trusted,
        private=label.private,
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
