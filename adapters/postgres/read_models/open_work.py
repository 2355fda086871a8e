"""Answer from the read model which sessions owe something by now."""

from collections.abc import Mapping
from datetime import datetime

from adapters.postgres.connections import Pool
from adapters.postgres.read_models.schemas import seeing
from adapters.postgres.read_models.statements import SQL
from commands.ports import DueSession
from projections.registry import READ_MODELS
from projections.rows import ReadModel


class PostgresOpenWork:
    """Read the table open_work; raises Unavailable."""

    def __init__(self, url: str, models: Mapping[str, ReadModel] = READ_MODELS):
        self._pool = Pool(seeing(url, models.values()), size=1)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def due(self, before: datetime, limit: int) -> list[DueSession]:
        """Return sessions with work due before a time, the longest due first."""
        rows = await self._pool.fetch(SQL["due"].decode(), before=before, limit=limit)
        return [
            DueSession(session=session, tenant=tenant, lane=lane, due_at=due_at)
            for session, tenant, lane, due_at in rows
        ]
