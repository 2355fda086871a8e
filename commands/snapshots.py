"""Pin what sessions may use, and give it back: stored once, shared wherever it is the same.

A snapshot names the documents' tools by the digest of a blob that is stored once a revision, so that what thousands of
sessions pinned of thousands of tools costs them one small blob each time that the catalogue changes.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from commands.caches import Cache
from commands.ports import EventStore
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Tool
from domain.catalog.overriding import offered
from domain.catalog.state import Catalog, Document, Snapshot
from domain.encoding import digest_bytes, encode

SNAPSHOTS = 50
DOCUMENTS = 200

_SNAPSHOT = msgspec.json.Decoder(Snapshot)
_TOOLSET = msgspec.json.Decoder(tuple[Tool, ...])


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a session starting now pins, and the digest of it as it is stored."""

    catalog: Catalog
    snapshot: Snapshot
    digest: str


def snapshot(catalog: Catalog) -> Snapshot:
    """Return what a session starting now may use, in a stable order; own agents replace defaults of the same id."""
    agents = {**DEFAULT_AGENTS, **catalog.agents}
    return Snapshot(
        agents=tuple(agents[key] for key in sorted(agents)),
        documents=tuple(offered(catalog.documents[key]) for key in sorted(catalog.documents)),
    )


class Snapshots:
    """Pin and load snapshots; those that were used last are kept, and the documents in them are the same objects."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._pinned: dict[str, Pinned] = {}
        self._toolsets: dict[tuple[str, str], tuple[tuple[Tool, ...], str]] = {}
        self.snapshots: Cache[tuple[str, str], Snapshot] = Cache(SNAPSHOTS)
        self.documents: Cache[tuple[str, str], Document] = Cache(DOCUMENTS)

    @property
    def caches(self) -> dict[str, Cache[Any, Any]]:
        """Return what is kept, by what it is."""
        return {"snapshots": self.snapshots, "documents": self.documents}

    async def pin(self, tenant: str, catalog: Catalog) -> Pinned:
        """Return the snapshot of a catalogue, stored; nothing is made or stored again until the catalogue changes."""
        known = self._pinned.get(tenant)
        if known and known.catalog is catalog:
            return known
        stored = [await self._stored(tenant, catalog.documents[key]) for key in sorted(catalog.documents)]
        whole = snapshot(catalog)
        data = encode(replace(whole, documents=tuple(stored)))
        await self._store.put_blobs(tenant, [data])
        pinned = Pinned(catalog=catalog, snapshot=whole, digest=digest_bytes(data))
        self.snapshots.keep((tenant, pinned.digest), whole)
        self._pinned[tenant] = pinned
        return pinned

    async def moved(self, tenant: str, digest: str, document: Document) -> str:
        """Return the digest of a pinned snapshot with another revision of one API in it, stored; raises NotFound."""
        pinned = _SNAPSHOT.decode(await self._store.get_blob(tenant, digest))
        newer = await self._stored(tenant, document)
        documents = tuple(newer if each.api == document.api else each for each in pinned.documents)
        data = encode(replace(pinned, documents=documents))
        await self._store.put_blobs(tenant, [data])
        return digest_bytes(data)

    async def _stored(self, tenant: str, document: Document) -> Document:
        """Return a document as a snapshot stores it, its tools stored by themselves."""
        tools, digest = self._toolsets.get((tenant, document.api), ((), ""))
        if not digest or tools is not document.tools:
            digest = await self._put(tenant, encode(document.tools))
            self._toolsets[tenant, document.api] = (document.tools, digest)
        return replace(document, tools=(), toolset=digest)

    async def _put(self, tenant: str, data: bytes) -> str:
        """Store a blob that most often is there since another process began; return its digest."""
        digest = digest_bytes(data)
        if await self._store.missing_blobs(tenant, [digest]):
            await self._store.put_blobs(tenant, [data])
        return digest

    async def load(self, tenant: str, digest: str) -> Snapshot:
        """Return what was pinned under a digest; raises NotFound, Divergence, Unavailable."""
        found = self.snapshots.find((tenant, digest))
        if found:
            return found
        stored = _SNAPSHOT.decode(await self._store.get_blob(tenant, digest))
        documents = [await self._whole(tenant, each) for each in stored.documents]
        return self.snapshots.keep((tenant, digest), replace(stored, documents=tuple(documents)))

    async def _whole(self, tenant: str, document: Document) -> Document:
        """Return a document with the tools that agents may use; older snapshots hold them themselves."""
        if not document.toolset:
            return document
        key = (tenant, digest_bytes(encode(document)))
        found = self.documents.find(key)
        if found:
            return found
        tools = _TOOLSET.decode(await self._store.get_blob(tenant, document.toolset))
        return self.documents.keep(key, offered(replace(document, tools=tools, toolset="")))
