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
from domain.standing_approvals import StandingEvent, Standings
from domain.standing_approvals import evolve as evolve_standings
from domain.upcasting import Unknown, read

RECENT_SECONDS = 1.0
"""How old the catalogue may be that a call is held against before it is sent."""


@dataclass
class _Known:
    """Be a tenant's catalogue at a position, and the event that stands there; ``next_read`` has not begun yet.

    ``read_at`` and ``written_at`` are when the last read began and when this process last wrote, by the loop's clock.
    """

    position: int = 0
    event: UUID | None = None
    catalog: Catalog = field(default_factory=Catalog)
    standings: Standings = field(default_factory=dict)
    next_read: "asyncio.Future[Catalog] | None" = None
    read_at: float = -RECENT_SECONDS
    written_at: float = 0.0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def begin_anew(self) -> None:
        """Forget what was read."""
        self.position, self.event, self.catalog, self.standings = 0, None, Catalog(), {}

    def advance(self, row: LogNotification) -> None:
        """Apply one event; what another version of the program wrote is carried past."""
        event = read(row.topic, row.state)
        if not isinstance(event, Unknown) and isinstance(event.data, StandingEvent):
            self.standings = evolve_standings(self.standings, event.data)
        elif not isinstance(event, Unknown) and not isinstance(event.data, SessionEvent):
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
        if known.next_read is None:
            known.next_read = asyncio.ensure_future(self._next_read(tenant, known))
        return await asyncio.shield(known.next_read)

    async def _next_read(self, tenant: str, known: _Known) -> Catalog:
        async with known.reading:
            known.next_read = None
            await self._read(tenant, known)
            return known.catalog

    async def standings(self, tenant: str) -> Standings:
        """Return a tenant's standing approvals by id, as they are in the log now; raises Unavailable."""
        await self.current(tenant)
        return self._known[tenant].standings

    async def recent(self, tenant: str) -> Catalog:
        """Return a tenant's catalogue as it was a moment ago, with all that this process wrote; raises Unavailable.

        So the many calls of busy sessions share one look at the log.
        """
        known = self._known[tenant]
        now = asyncio.get_running_loop().time()
        if known.written_at < known.read_at and now < known.read_at + RECENT_SECONDS:
            return known.catalog
        return await self.current(tenant)

    def written(self, tenant: str) -> None:
        """Note that this process added to a tenant's catalogue: what is known of it is no longer recent."""
        self._known[tenant].written_at = asyncio.get_running_loop().time()

    async def _read(self, tenant: str, known: _Known) -> None:
        began = asyncio.get_running_loop().time()
        rows = await self._store.read_catalog(tenant, known.position)
        if known.position and not (rows and rows[0].event_id == known.event):
            # The log was restored and no longer has what was read last.
            known.begin_anew()
            rows = await self._store.read_catalog(tenant, 0)
        for row in rows:
            if row.id > known.position:
                known.advance(row)
        known.read_at = began
