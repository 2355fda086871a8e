"""Make small events for the log's tests, and hold what the log holds against its rules."""

from itertools import groupby
from operator import attrgetter
from uuid import UUID, uuid4

from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent, LogNotification


def event(stream: UUID, version: int, state: bytes = b"{}", topic: str = "session.tried.v1") -> LogEvent:
    """Return one event; its id is random."""
    return LogEvent(originator_id=stream, originator_version=version, topic=topic, state=state, event_id=uuid4())


def command(stream: UUID, version: int, command_id: str, tenant: str = "local") -> LogEvent:
    """Return the first fact of a command's append."""
    return LogEvent(
        originator_id=stream,
        originator_version=version,
        topic="session.tried.v1",
        state=b"{}",
        event_id=uuid4(),
        tenant=tenant,
        command_id=command_id,
        request_digest=f"digest of {command_id}",
    )


def run(stream: UUID, first: int, count: int, state: bytes = b"{}") -> list[LogEvent]:
    """Return consecutive events of one stream."""
    return [event(stream, version, state) for version in range(first, first + count)]


async def whole_log(store: PostgresEventStore) -> list[LogNotification]:
    """Read everything, and check that positions and versions are dense and ordered."""
    rows = await store.read_log(0, 1_000_000)
    assert [row.id for row in rows] == list(range(1, len(rows) + 1))
    for _, stream in groupby(sorted(rows, key=lambda row: str(row.originator_id)), attrgetter("originator_id")):
        versions = [row.originator_version for row in stream]
        assert versions == list(range(1, len(versions) + 1))
    return rows
