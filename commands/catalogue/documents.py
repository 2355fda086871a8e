"""Register documents: each revision of an API is kept for ever, the newest gives its tools to new sessions."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from commands.catalogue.appending import Appending, Part, Written
from commands.catalogue.checking import DocumentReport
from commands.filtering import refuse_denied_tools
from domain.catalog.bindings import origin_of
from domain.catalog.events import CatalogEvent, DocumentRegistered, NamesSettled, RevisionStaged, Tool, ToolsAdded
from domain.catalog.naming import settled
from domain.catalog.revisions import Revision
from domain.catalog.state import Catalog
from domain.encoding import digest_bytes
from domain.envelope import Context
from domain.errors import Invalid, NotPossible
from domain.ids import named_stream

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
PORTION = 50


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what was read from an OpenAPI document; ``skipped`` names unusable operations with their reasons.

    ``text`` is kept of the document, and can be read again: what was uploaded, or of a bundle its files in one.
    ``needs`` says in words which credentials each operation needs.
    """

    api: str
    text: bytes
    base_url: str
    tools: tuple[Tool, ...]
    skipped: tuple[str, ...] = ()
    needs: dict[str, str] = {}


class Documents(Protocol):
    """Read OpenAPI documents."""

    def ingest(self, data: bytes, *, api: str, base_url: str, origins: Sequence[str] = ()) -> Ingested:
        """Turn a document's bytes into tools; raises Invalid with the place and the reason.

        An operation with a server of its own becomes one where that is at the API's origin, or one of ``origins``.
        """
        ...

    def check(self, data: bytes, *, base_url: str, origins: Sequence[str] = ()) -> DocumentReport:
        """Report on a document's bytes, whatever is wrong with them."""
        ...


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a document does not: where its API is, what its credentials may do, how often it is called.

    ``base_url`` replaces the document's server; ``origins`` are further places where operations with servers of their
    own may be.
    """

    base_url: str = ""
    scopes: Sequence[str] = ()
    rate_limit: int = 0
    allow_private: bool = False
    origins: Sequence[str] = ()


DEFAULTS = Settings()
K = TypeVar("K", DocumentRegistered, RevisionStaged)


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a registration left behind, at which version of its stream and position of the log."""

    name: str
    digest: str
    version: int
    position: int
    tools: int = 0
    skipped: tuple[str, ...] = ()


class RegisteredDocuments(Appending):
    """Register documents."""

    async def register_document(
        self,
        documents: Documents,
        data: bytes,
        context: Context,
        *,
        api: str,
        settings: Settings = DEFAULTS,
    ) -> Registered:
        """Register an OpenAPI document as the current revision of an API."""
        earlier = await self.registered_before(documents, context)
        if earlier:
            return earlier
        ingested, registered = await self.taken_in(DocumentRegistered, documents, data, context, api, settings)
        written = await self.append_parts(
            context, lambda: self.draft_document(context.tenant, registered, ingested.tools)
        )
        if written.first != registered:
            # A twin of this request was faster, and what it found under the same URL was another document.
            return await self._registered(documents, written, context.tenant)
        return _registered(registered, written, ingested)

    async def taken_in(
        self, kind: type[K], documents: Documents, data: bytes, context: Context, api: str, settings: Settings
    ) -> tuple[Ingested, K]:
        """Read a document and keep its bytes; return with it the event that says so."""
        check_name("API", api)
        origins = tuple(dict.fromkeys(map(plain_origin, settings.origins)))
        ingested = await read_aside(documents, data, api=api, base_url=settings.base_url, origins=origins)
        await refuse_denied_tools(self._shell, context.tenant, api, ingested.tools)
        await self._shell.store.put_blobs(context.tenant, [ingested.text])
        return ingested, kind(
            api=api,
            document=digest_bytes(ingested.text),
            base_url=ingested.base_url,
            scopes=tuple(settings.scopes),
            rate_limit=settings.rate_limit,
            allow_private=settings.allow_private,
            origins=origins,
            tools=len(ingested.tools),
            skipped=len(ingested.skipped),
        )

    async def draft_document(
        self,
        tenant: str,
        registered: DocumentRegistered,
        tools: Sequence[Tool],
        decide: Callable[[Catalog, int], Sequence[CatalogEvent]] = lambda catalog, version: (),
    ) -> Sequence[Part]:
        """Draft a registration under names that are free, together with an event where every API settles its own.

        What ``decide`` says, on the catalogue and the version of the document's stream, goes in front of it.
        """
        names = named_stream(tenant, "tool-names", "all")
        document = named_stream(tenant, "document", registered.api)
        # Read before the catalogue: whoever settles names behind that reading makes this append conflict.
        settled_names = await self._shell.store.stream_version(names)
        version = await self._shell.store.stream_version(document)
        catalog = await self.current(tenant)
        _refuse_quarantined(catalog, registered)
        before = decide(catalog, version)
        added = _added(registered, settled(catalog, registered.api, tools))
        claim = NamesSettled(api=registered.api, document=registered.document)
        return [
            Part(stream=document, after=version, events=[*before, registered, *added]),
            Part(stream=names, after=settled_names, events=[claim]),
        ]

    async def registered_before(self, documents: Documents, context: Context) -> Registered | None:
        """Return what this very request registered before, or None; raise CommandReused for another request."""
        written = await self.written_before(context)
        return await self._registered(documents, written, context.tenant) if written else None

    async def _registered(self, documents: Documents, written: Written, tenant: str) -> Registered:
        first = written.first
        assert isinstance(first, DocumentRegistered), "the digest of a request covers its path"
        data = await self._shell.store.get_blob(tenant, first.document)
        # The log counts what was skipped; the document says it in words.
        again = await read_again(documents, data, first)
        return _registered(first, written, again)


def _refuse_quarantined(catalog: Catalog, registered: DocumentRegistered) -> None:
    revision = catalog.revisions.get(registered.api, {}).get(registered.document)
    if revision and revision.status == "quarantined":
        raise NotPossible(
            f"Expected a revision of {registered.api} that may be used, but {registered.document[:12]} was "
            f"quarantined by {revision.by}: {revision.reason}. Lift that first, or take another document."
        )


def _added(registered: DocumentRegistered, tools: Sequence[Tool]) -> list[CatalogEvent]:
    """Return a document's tools in portions."""
    portions = (tuple(tools[start : start + PORTION]) for start in range(0, len(tools), PORTION))
    return [ToolsAdded(api=registered.api, document=registered.document, tools=tools) for tools in portions]


def _registered(registered: DocumentRegistered, written: Written, ingested: Ingested) -> Registered:
    return Registered(
        name=registered.api,
        digest=registered.document,
        version=written.version,
        position=written.position,
        tools=registered.tools,
        skipped=ingested.skipped,
    )


async def read_aside(
    documents: Documents, data: bytes, *, api: str, base_url: str, origins: Sequence[str] = ()
) -> Ingested:
    """Read a document beside everything else that this process does: a large one, or a hostile one, takes a while."""
    return await asyncio.to_thread(documents.ingest, data, api=api, base_url=base_url, origins=origins)


async def check_aside(
    documents: Documents, data: bytes, *, base_url: str, origins: Sequence[str] = ()
) -> DocumentReport:
    """Report on a document as it would be registered; nothing is. Raises Invalid for an origin that is none."""
    plain = tuple(dict.fromkeys(map(plain_origin, origins)))
    return await asyncio.to_thread(documents.check, data, base_url=base_url, origins=plain)


async def read_again(documents: Documents, data: bytes, revision: DocumentRegistered | Revision) -> Ingested:
    """Read a document as it was when it was registered or staged."""
    return await read_aside(documents, data, api=revision.api, base_url=revision.base_url, origins=revision.origins)


def plain_origin(text: str) -> str:
    """Return an origin in the one form in which origins are compared; raises Invalid where it is none."""
    try:
        origin, parts = origin_of(text), urlsplit(text)
    except ValueError as fault:
        raise Invalid(f"Expected an origin as https://files.example.com, but got {text[:200]!r}: {fault}.") from fault
    beside = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc or "\\" in text
    if parts.scheme not in ("http", "https") or not parts.hostname or beside:
        raise Invalid(f"Expected an origin as https://files.example.com, without a path, but got {text[:200]!r}.")
    return origin


def check_name(what: str, name: str) -> None:
    """Raise Invalid for a name that cannot be one."""
    if not NAME.fullmatch(name):
        raise Invalid(
            f"Expected the {what}'s name to be 1 to 63 of a-z, 0-9, - and _, not beginning with a sign, got {name!r}."
        )
