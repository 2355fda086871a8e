"""Follow the log in Postgres alone: for verbs that run where no NATS does."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from adapters.postgres.store import PostgresEventStore
from commands.ports import LogNotification
from projections.ports import Recorded

READ_EVENTS = 1_000
MARK_SECONDS = 1.0


class LogFollower:
    """Implement the projections' Follower by reading the log by position."""

    def __init__(self, store: PostgresEventStore):
        self._store = store

    async def log_id(self) -> str:
        """Return the id of the log that is followed."""
        return await self._store.log_id()

    async def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Yield batches of the events behind a position; an empty batch marks time."""
        while True:
            rows = await self._store.read_log(after, READ_EVENTS)
            if rows:
                after = rows[-1].id
            else:
                await self._store.wait_for_commit(after, MARK_SECONDS)
            yield [recorded(row) for row in rows]


def recorded(row: LogNotification) -> Recorded:
    """Return a row of the log as the read side takes it."""
    return Recorded(
        position=row.id,
        stream=row.originator_id if isinstance(row.originator_id, UUID) else UUID(row.originator_id),
        version=row.originator_version,
        topic=row.topic,
        tenant=row.tenant,
        event_id=row.event_id,
        state=bytes(row.state),
    )


def recorded_row(
    position: int, stream: UUID, version: int, topic: str, tenant: str, event_id: UUID, state: bytes
) -> Recorded:
    """Return the columns of a log's row, in this order, as the read side takes them."""
    return Recorded(
        position=position,
        stream=stream,
        version=version,
        topic=topic,
        tenant=tenant,
        event_id=event_id,
        state=state,
    )
