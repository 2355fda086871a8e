"""Follow the log on Postgres alone."""

from collections.abc import AsyncGenerator, Sequence
from typing import cast
from uuid import UUID

from adapters.postgres.store import PostgresEventStore
from commands.ports import LogNotification
from projections.ports import Recorded


class LogFollower:
    """Implement the Follower port over the log itself."""

    def __init__(self, store: PostgresEventStore):
        self._store = store
        self.following = 0

    async def follow(self, after: int, *, stream: UUID | None = None) -> AsyncGenerator[Sequence[Recorded]]:
        """Yield batches of events behind a position; an empty one marks time."""
        self.following += 1
        try:
            while True:
                rows = await self._store.read_log(after, 100)
                after = rows[-1].id if rows else after
                yield [recorded(row) for row in rows if stream in (None, row.originator_id)]
                if not rows:
                    await self._store.wait_for_commit(after, 0.05)
        finally:
            self.following -= 1


def recorded(row: LogNotification) -> Recorded:
    """Turn a row of the log into what a follower hands out."""
    return Recorded(
        position=row.id,
        stream=cast(UUID, row.originator_id),
        version=row.originator_version,
        topic=row.topic,
        tenant=row.tenant,
        event_id=row.event_id,
        state=row.state,
    )
