"""Read what live streams begin with: a session's or a tenant's events behind a position, in bounded pages."""

from uuid import UUID

from adapters.postgres.connections import Pool
from adapters.postgres.follower import recorded_row
from adapters.postgres.statements import SQL
from projections.ports import Recorded


class PostgresHistory:
    """Implement the live streams' History, on connections of its own: many who come back at once delay no command."""

    def __init__(self, url: str):
        self._pool = Pool(url)

    async def read_session(self, session: UUID, after: int, events: int, size: int) -> list[Recorded]:
        """Read a session's events behind a position, in order: at most so many, none once they have ``size`` bytes."""
        values = {"stream": session, "after": after, "events": events, "size": size}
        return [recorded_row(*row) for row in await self._pool.fetch(SQL["session_behind"], **values)]

    async def read_tenant(self, tenant: str, after: int, until: int, size: int) -> list[Recorded]:
        """Read events of a tenant's sessions behind a position up to another, none once there are ``size`` bytes."""
        values = {"tenant": tenant, "after": after, "until": until, "size": size}
        return [recorded_row(*row) for row in await self._pool.fetch(SQL["tenant_behind"], **values)]

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        return int((await self._pool.fetch(SQL["head"]))[0][0])

    async def log_id(self) -> str:
        """Return the log's random id."""
        return str((await self._pool.fetch(SQL["log_id"]))[0][0])

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()
