"""Name what the write side needs of the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from domain.envelope import Event
from domain.session.events import SessionEvent


@dataclass(frozen=True)
class LogEvent(StoredEvent):
    """Be one row of the log: the library's stored event with our columns.

    ``originator_id`` is a UUID. ``command_id`` and ``request_digest`` are set only on an append's first fact.
    """

    event_id: UUID
    tenant: str = "local"
    command_id: str | None = None
    request_digest: str | None = None
    prev_hash: str | None = None


@dataclass(frozen=True)
class LogNotification(LogEvent):
    """Be one row of the log with its position, dense from 1 and in commit order."""

    id: int = 0


class SessionRow(NamedTuple):
    """Be one row of a session with no more than it takes to fold it."""

    session: str
    version: int
    position: int
    topic: str
    state: bytes


class RecordedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Say where an earlier command with this id was recorded; ``position`` is that of its append's last event."""

    stream: UUID
    version: int
    position: int
    request_digest: str


class EventStore(Protocol):
    """Keep the log: append-only, positions dense and in commit order, streams versioned from 1."""

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events of one or more streams, all or nothing, and return the position of the last one.

        Versions of a stream are consecutive and start right behind its head. Raises Conflict where a head differs
        or a command id exists already, TooLarge, Unavailable (then nothing was written).
        """
        ...

    async def read_stream(self, stream: UUID, after: int = 0) -> list[LogNotification]:
        """Read a stream's events behind version ``after``, in order."""
        ...

    async def stream_version(self, stream: UUID) -> int:
        """Return the version of a stream's last event, 0 where it does not exist."""
        ...

    async def read_log(self, after: int, limit: int) -> list[LogNotification]:
        """Read at most ``limit`` events behind position ``after``, in order."""
        ...

    async def read_sessions(self, tenant: str, after: int, until: int) -> list[SessionRow]:
        """Read the events of a tenant's sessions behind a position, up to another, in order."""
        ...

    async def read_catalog(self, tenant: str, since: int) -> list[LogNotification]:
        """Read all events of a tenant from a position on whose topic is not a session's, in order.

        What stands at ``since`` is known already: it comes without its state, to be held against what is known.
        """
        ...

    async def find_command(self, tenant: str, command_id: str) -> RecordedCommand | None:
        """Find what an earlier append under this command id wrote."""
        ...

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        ...

    async def log_id(self) -> str:
        """Return the log's random id, renewed by a restore."""
        ...

    async def put_blobs(self, tenant: str, blobs: Sequence[bytes]) -> None:
        """Store bytes durably under their SHA-256; storing them again does nothing."""
        ...

    async def missing_blobs(self, tenant: str, digests: Sequence[str]) -> set[str]:
        """Return those digests under which nothing is stored."""
        ...

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the bytes with this SHA-256; raises NotFound."""
        ...


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """Tell what this process has just appended to a session's stream behind version ``after``, in how many seconds.

    Without events it says that this process appended something up to there, but did not hear so at the time.
    """

    session: UUID
    after: int
    events: Sequence[Event[SessionEvent]]
    seconds: float


Listener: TypeAlias = Callable[[Appended], None]
"""Hears of every append of this process, in the order of its session; it returns at once and keeps no event."""
