"""Answer from the read models what was called so far, and what is still open."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres.read_models.reader import PostgresReadStore
from commands.drift.ports import PastCall


class PostgresPast:
    """Implement the Past port over the tables actions and sessions; raises Unavailable."""

    def __init__(self, reads: PostgresReadStore) -> None:
        self._reads = reads

    async def count(self, tenant: str, documents: Sequence[str]) -> int:
        """Count the calls that were requested of operations in these revisions."""
        (row,) = await self._reads.fetch("past_calls_counted", tenant=tenant, documents=list(documents))
        return int(row["calls"])

    async def calls(self, tenant: str, documents: Sequence[str], *, after: str, limit: int) -> list[PastCall]:
        """Return calls by id behind ``after``, with their arguments as they were written."""
        rows = await self._reads.fetch("past_calls", tenant=tenant, documents=list(documents), after=after, limit=limit)
        return [PastCall(**row) for row in rows]

    async def open_sessions(self, tenant: str, *, after: UUID | None, limit: int) -> list[UUID]:
        """Return sessions that have not ended, by id behind ``after``."""
        rows = await self._reads.fetch("open_sessions", tenant=tenant, after=after, limit=limit)
        return [row["id"] for row in rows]
