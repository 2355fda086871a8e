"""Register what sessions may use: documents with their tools, and agents.

The catalogue is small and read often: each process folds it once from the log and then reads only what was added, so
that a session started after a registration sees it, without waiting for a read model.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec.structs import replace

from commands.handle import repeated
from commands.ports import Dialer, DialFault, HttpRequest, LogNotification
from commands.shell import Shell, to_log
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import (
    Agent,
    AgentPatched,
    AgentRegistered,
    CatalogEvent,
    DocumentRegistered,
    Tool,
    ToolsAdded,
)
from domain.catalog.evolve import evolve
from domain.catalog.state import Catalog
from domain.encoding import digest_bytes
from domain.envelope import Context, Event, fact_event
from domain.errors import Conflict, Divergence, Invalid, NotFound, NotPossible, Stale, TooLarge
from domain.ids import named_stream
from domain.session.events import SessionEvent
from domain.upcasting import Unknown, read

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PATTERN = re.compile(r"\*|[a-z0-9][a-z0-9_-]{0,62}/\*|[A-Za-z0-9_.-]{1,128}")
MOST_PATTERNS = 200
MOST_CHARACTERS = {"name": 200, "role": 100, "prompt_template": 32 * 1024}
PORTION = 50
TRIES = 8
MOST_DOCUMENT_BYTES = 16 << 20
FETCH_TIMEOUT_MS = 20_000


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what was read from an OpenAPI document; ``skipped`` names unusable operations with their reasons."""

    api: str
    base_url: str
    tools: tuple[Tool, ...]
    skipped: tuple[str, ...] = ()


class Documents(Protocol):
    """Read OpenAPI documents."""

    def ingest(self, data: bytes, *, api: str, base_url: str) -> Ingested:
        """Turn a document's bytes into tools; raises Invalid with the place and the reason."""
        ...


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a registration left behind, at which version of its stream and position of the log."""

    name: str
    digest: str
    version: int
    position: int
    tools: int = 0
    skipped: tuple[str, ...] = ()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Say what an append wrote first, and where it ended."""

    first: CatalogEvent
    version: int
    position: int


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Be a tenant's catalogue at a position, and the event that stands there."""

    position: int = 0
    event: UUID | None = None
    catalog: Catalog = Catalog()


Deciding: TypeAlias = Callable[[Sequence[LogNotification]], Sequence[CatalogEvent]]
"""Decide on the newest events of a stream what is appended to them, or raise Refused."""


class Catalogue:
    """Know the catalogue of every tenant, as it stands in the log."""

    def __init__(self, shell: Shell):
        self._shell = shell
        self._known: dict[str, Known] = {}

    async def current(self, tenant: str) -> Catalog:
        """Return a tenant's catalogue, with everything that is in the log by now."""
        known = self._known.get(tenant, Known())
        rows = await self._shell.store.read_catalog(tenant, max(0, known.position - 1))
        if known.position and not (rows and rows[0].event_id == known.event):
            # The log was restored and no longer has what was read last.
            known, rows = Known(), await self._shell.store.read_catalog(tenant, 0)
        for row in rows:
            if row.id > known.position:
                known = _advance(known, row)
        self._known[tenant] = known
        return known.catalog

    async def register_document(
        self,
        documents: Documents,
        data: bytes,
        context: Context,
        *,
        api: str,
        base_url: str = "",
        scopes: Sequence[str] = (),
        rate_limit: int = 0,
        allow_private: bool = False,
    ) -> Registered:
        """Register an OpenAPI document as the current revision of an API."""
        earlier = await self.registered_before(documents, context)
        if earlier:
            return earlier
        _check_name("API", api)
        ingested = documents.ingest(data, api=api, base_url=base_url)
        await self._refuse_taken_names(context.tenant, api, ingested.tools)
        await self._shell.store.put_blobs(context.tenant, [data])
        registered = DocumentRegistered(
            api=api,
            document=digest_bytes(data),
            base_url=ingested.base_url,
            scopes=tuple(scopes),
            rate_limit=rate_limit,
            allow_private=allow_private,
            tools=len(ingested.tools),
            skipped=len(ingested.skipped),
        )
        portions = (ingested.tools[start : start + PORTION] for start in range(0, len(ingested.tools), PORTION))
        added = [ToolsAdded(api=api, document=registered.document, tools=tools) for tools in portions]
        stream = named_stream(context.tenant, "document", api)
        written = await self.append(stream, context, lambda _: [registered, *added])
        if written.first != registered:
            # A twin of this request was faster, and what it found under the same URL was another document.
            return await self._registered(documents, written, context.tenant)
        return _registered(registered, written, ingested)

    async def registered_before(self, documents: Documents, context: Context) -> Registered | None:
        """Return what this very request registered before, or None; raise CommandReused for another request."""
        written = await self._earlier(context)
        return await self._registered(documents, written, context.tenant) if written else None

    async def _registered(self, documents: Documents, written: Written, tenant: str) -> Registered:
        first = written.first
        assert isinstance(first, DocumentRegistered), "the digest of a request covers its path"
        data = await self._shell.store.get_blob(tenant, first.document)
        # The log counts what was skipped; the document says it in words.
        return _registered(first, written, documents.ingest(data, api=first.api, base_url=first.base_url))

    async def _refuse_taken_names(self, tenant: str, api: str, tools: Sequence[Tool]) -> None:
        catalog = await self.current(tenant)
        taken = {
            tool.name: other.api for other in catalog.documents.values() if other.api != api for tool in other.tools
        }
        for tool in tools:
            if tool.name in taken:
                raise Invalid(
                    f"Expected tool names that are free, but {tool.name} belongs to the API {taken[tool.name]}: "
                    "register the document under the same API name, or rename its operationId."
                )

    async def register_agent(self, agent: Agent, context: Context) -> Registered:
        """Register a new agent."""
        _check_agent(agent)

        def register(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            if rows:
                raise NotPossible(f"Expected a new agent, but {agent.id} exists: patch it, or choose another id.")
            return [AgentRegistered(agent=agent)]

        return await self._append_agent(agent.id, context, register)

    async def patch_agent(
        self, agent_id: str, changes: dict[str, object], context: Context, *, expected: int | None = None
    ) -> Registered:
        """Give an agent a new revision; running sessions keep the one they pinned."""

        def patch(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            version = rows[-1].originator_version if rows else 0
            if expected not in (None, version):
                raise Stale(f"Expected version {expected}, but it is {version}: read it again, then decide.")
            agent = replace(_newest(agent_id, rows), **changes)
            _check_agent(agent)
            return [AgentPatched(agent=agent)]

        return await self._append_agent(agent_id, context, patch)

    async def _append_agent(self, agent_id: str, context: Context, decide: Deciding) -> Registered:
        written = await self.append(named_stream(context.tenant, "agent", agent_id), context, decide)
        return Registered(name=agent_id, digest="", version=written.version, position=written.position)

    async def version(self, tenant: str, aggregate: str, name: str) -> int:
        """Return the version of a named thing's stream, 0 where it does not exist."""
        rows = await self._shell.store.read_stream(named_stream(tenant, aggregate, name))
        return rows[-1].originator_version if rows else 0

    async def append(self, stream: UUID, context: Context, decide: Deciding) -> Written:
        """Append what is decided on the newest events, again after every conflict."""
        for _ in range(TRIES):
            # Read before it is asked: what a twin of this request appends in between is then found or conflicts.
            rows = await self._shell.store.read_stream(stream)
            earlier = await self._earlier(context)
            if earlier:
                return earlier
            version, data = rows[-1].originator_version if rows else 0, decide(rows)
            events: list[Event[CatalogEvent]] = [fact_event(item, context, index) for index, item in enumerate(data)]
            try:
                position = await self._shell.store.append(to_log(stream, version, events))
            except Conflict:
                continue
            return Written(first=data[0], version=version + len(events), position=position)
        raise Conflict(f"Others wrote to the same thing {TRIES} times in between: try again.")

    async def _earlier(self, context: Context) -> Written | None:
        """Return what this very command wrote before, as it was then."""
        found = await repeated(self._shell, context)
        if found is None:
            return None
        rows = await self._shell.store.read_stream(found.stream, after=found.version - 1)
        last = next(row for row in rows if row.id == found.position)
        return Written(first=_fact(rows[0]), version=last.originator_version, position=last.id)


def _fact(row: LogNotification) -> CatalogEvent:
    event = read(row.topic, row.state)
    if isinstance(event, Unknown) or isinstance(event.data, SessionEvent):
        raise Divergence(f"Expected an event of the catalogue at position {row.id}, but it is a {row.topic}.")
    return event.data


def _newest(agent_id: str, rows: Sequence[LogNotification]) -> Agent:
    """Return an agent as its own stream says, or as it is by default."""
    fact = _fact(rows[-1]) if rows else None
    agent = fact.agent if isinstance(fact, AgentRegistered | AgentPatched) else DEFAULT_AGENTS.get(agent_id)
    if agent is None:
        raise NotFound(f"Expected an agent that exists, but there is none with the id {agent_id[:100]!r}.")
    return agent


def _registered(registered: DocumentRegistered, written: Written, ingested: Ingested) -> Registered:
    return Registered(
        name=registered.api,
        digest=registered.document,
        version=written.version,
        position=written.position,
        tools=registered.tools,
        skipped=ingested.skipped,
    )


def _advance(known: Known, row: LogNotification) -> Known:
    event, catalog = read(row.topic, row.state), known.catalog
    if not isinstance(event, Unknown) and not isinstance(event.data, SessionEvent):
        catalog = evolve(catalog, event.data)
    return Known(position=row.id, event=row.event_id, catalog=catalog)


async def fetch_document(
    dialer: Dialer, url: str, *, allow_private: bool = False, max_bytes: int = MOST_DOCUMENT_BYTES
) -> bytes:
    """Fetch a document from where it is published; raises Invalid, TooLarge."""
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise Invalid(f"Expected the URL of a document, but got {url[:200]!r}: {fault}.") from fault
    request = HttpRequest(
        method="GET",
        url=url,
        origin=f"{parts.scheme}://{parts.netloc}",
        timeout_ms=FETCH_TIMEOUT_MS,
        max_bytes=max_bytes,
        allow_private=allow_private,
    )
    try:
        response = await dialer.send(request)
    except DialFault as fault:
        raise Invalid(f"The document at {url[:200]} cannot be fetched: {fault}") from fault
    if response.status != 200:
        raise Invalid(f"Expected a document at {url[:200]}, but it answered {response.status}.")
    if len(response.body) > max_bytes:
        raise TooLarge(f"Expected a document of at most {max_bytes} bytes, but {url[:200]} has more.")
    return response.body


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise Invalid(
            f"Expected the {what}'s name to be 1 to 63 of a-z, 0-9, - and _, not beginning with a sign, got {name!r}."
        )


def _check_agent(agent: Agent) -> None:
    _check_name("agent", agent.id)
    if not agent.role.strip():
        raise Invalid(f"Expected agent {agent.id} to have a role, for example executor, planner or reviewer.")
    for field, most in MOST_CHARACTERS.items():
        if len(getattr(agent, field)) > most:
            got = len(getattr(agent, field))
            raise Invalid(f"Expected agent {agent.id}'s {field} to have at most {most} characters, but it has {got}.")
    if len(agent.tools) > MOST_PATTERNS:
        raise Invalid(f"Expected at most {MOST_PATTERNS} tool patterns, but agent {agent.id} has {len(agent.tools)}.")
    for pattern in agent.tools:
        if not PATTERN.fullmatch(pattern):
            raise Invalid(
                f"Expected agent {agent.id}'s tools to be names of tools, API/* or *, but got {pattern[:100]!r}."
            )
