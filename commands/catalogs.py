"""Know the catalogue of every tenant as it stands in the log by now.

The catalogue is small and read often: each process folds it once from the log and then reads only what was added, so
that whoever asks sees every registration and every override that was answered before, without waiting for a read model.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from commands.ports import EventStore, LogNotification
from domain.catalog.evolve import evolve
from domain.catalog.state import Catalog
from domain.session.events import SessionEvent
from domain.upcasting import Unknown, read


@dataclass
class _Known:
    """Be a tenant's catalogue at a position, and the event that stands there; ``reads`` counts those that began."""

    position: int = 0
    event: UUID | None = None
    catalog: Catalog = field(default_factory=Catalog)
    reads: int = 0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def begin_anew(self) -> None:
        """Forget what was read."""
        self.position, self.event, self.catalog = 0, None, Catalog()

    def advance(self, row: LogNotification) -> None:
        """Apply one event; what another version of the program wrote is carried past."""
        event = read(row.topic, row.state)
        if not isinstance(event, Unknown) and not isinstance(event.data, SessionEvent):
            self.catalog = evolve(self.catalog, event.data)
        self.position, self.event = row.id, row.event_id


class Catalogs:
    """Answer what stands in the log now; who asks while a read is under way shares the next one."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._known: defaultdict[str, _Known] = defaultdict(_Known)

    async def current(self, tenant: str) -> Catalog:
        """Return a tenant's catalogue, the same object as long as nothing was added; raises Unavailable."""
        known = self._known[tenant]
        asked = known.reads
        async with known.reading:
            if known.reads == asked:
                known.reads += 1
                await self._read(tenant, known)
            return known.catalog

    async def _read(self, tenant: str, known: _Known) -> None:
        rows = await self._store.read_catalog(tenant, known.position)
        if known.position and not (rows and rows[0].event_id == known.event):
            # The log was restored and no longer has what was read last.
            known.begin_anew()
            rows = await self._store.read_catalog(tenant, 0)
        for row in rows:
            if row.id > known.position:
                known.advance(row)
