"""Append to the catalogue what is decided on its newest events, once a request."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from commands.handle import repeated
from commands.ports import LogEvent, LogNotification
from commands.shell import Shell, to_log
from domain.catalog.events import CatalogEvent
from domain.catalog.state import Catalog
from domain.envelope import Context, Event, fact_event
from domain.errors import Conflict, Divergence, Refused, Stale
from domain.ids import named_stream
from domain.session.events import SessionEvent
from domain.upcasting import Unknown, read

TRIES = 8


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Say what an append wrote first, and where it ended: at which version of that stream, at which position."""

    first: CatalogEvent
    version: int
    position: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what an append adds to one stream behind version ``after``."""

    stream: UUID
    after: int
    events: Sequence[CatalogEvent]


Deciding: TypeAlias = Callable[[Sequence[LogNotification]], Sequence[CatalogEvent]]
"""Decide on the newest events of a stream what is appended to them, or raise Refused."""
Drafting: TypeAlias = Callable[[], Awaitable[Sequence[Part]]]
"""Decide on the newest events of several streams what is appended to them, or raise Refused."""


class Appending:
    """Append to the streams of the catalogue, and read them."""

    def __init__(self, shell: Shell):
        self._shell = shell

    async def current(self, tenant: str) -> Catalog:
        """Return a tenant's catalogue, with everything that is in the log by now."""
        return await self._shell.catalogs.current(tenant)

    async def version(self, tenant: str, aggregate: str, name: str) -> int:
        """Return the version of a named thing's stream, 0 where it does not exist."""
        return await self._shell.store.stream_version(named_stream(tenant, aggregate, name))

    async def append(self, stream: UUID, context: Context, decide: Deciding) -> Written:
        """Append what is decided on the newest events of a stream, again after every conflict."""

        async def draft() -> Sequence[Part]:
            rows = await self._shell.store.read_stream(stream)
            return [Part(stream=stream, after=version_of(rows), events=decide(rows))]

        return await self.append_parts(context, draft)

    async def record(self, stream: UUID, context: Context, events: Sequence[CatalogEvent]) -> Written:
        """Append events whatever the stream holds by then."""
        return await self.append(stream, context, lambda _: events)

    async def append_parts(self, context: Context, draft: Drafting) -> Written:
        """Append to several streams, all or nothing, again after every conflict; the first part is the request's."""
        for _ in range(TRIES):
            drafted, refused = await _drafted(draft)
            parts = [replace(part, events=[self._bare(event) for event in part.events]) for part in drafted]
            # Asked behind the reading: what a twin of this request appended in between is then found, or conflicts.
            earlier = await self.written_before(context)
            if earlier:
                return earlier
            if refused:
                raise refused
            try:
                position = await self._shell.store.append(_rows(context, parts))
            except Conflict:
                continue
            self._shell.catalogs.written(context.tenant)
            first = parts[0]
            return Written(first=first.events[0], version=first.after + len(first.events), position=position)
        raise Conflict(f"Others wrote to the same thing {TRIES} times in between: try again.")

    def _bare(self, event: CatalogEvent) -> CatalogEvent:
        """Return an event whose reason, which somebody wrote for people, holds no personal values."""
        said = getattr(event, "reason", "")
        return replace(event, reason=self._shell.redactor.blanked(said)) if said else event

    async def written_before(self, context: Context) -> Written | None:
        """Return what this very command wrote before, as it was then; raise CommandReused for another request."""
        found = await repeated(self._shell, context)
        if found is None:
            return None
        rows = await self._shell.store.read_stream(found.stream, after=found.version - 1)
        last = [row for row in rows if row.id <= found.position][-1]
        return Written(first=fact_of(rows[0]), version=last.originator_version, position=found.position)


async def _drafted(draft: Drafting) -> tuple[Sequence[Part], Refused | None]:
    try:
        return await draft(), None
    except Refused as refused:
        return (), refused


def _rows(context: Context, parts: Sequence[Part]) -> list[LogEvent]:
    rows: list[LogEvent] = []
    for part in parts:
        events: list[Event[CatalogEvent]] = [
            fact_event(event, context, index) for index, event in enumerate(part.events, len(rows))
        ]
        rows += to_log(part.stream, part.after, events)
    return rows


def fact_of(row: LogNotification) -> CatalogEvent:
    """Read an event of the catalogue; raise Divergence where it is none."""
    event = read(row.topic, row.state)
    if isinstance(event, Unknown) or isinstance(event.data, SessionEvent):
        raise Divergence(f"Expected an event of the catalogue at position {row.id}, but it is a {row.topic}.")
    return event.data


def version_of(rows: Sequence[LogNotification]) -> int:
    """Return the version of the stream that these events are, 0 where it does not exist."""
    return rows[-1].originator_version if rows else 0


def check_version(expected: int | None, version: int) -> None:
    """Raise Stale where a stream is not at the version that its reader expects; None expects nothing."""
    if expected not in (None, version):
        raise Stale(f"Expected version {expected}, but it is {version}: read it again, then decide.")
