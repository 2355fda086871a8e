"""Keep the wrapped keys of sessions in a table of their own, which can be emptied while the log stays."""

from adapters.postgres.connections import Pool
from adapters.postgres.statements import SQL


class PostgresSessionKeys:
    """Store wrapped keys; raises Unavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, tenant: str, session: str) -> tuple[bytes, str] | None:
        """Return the wrapped key of a session and the name of its master key."""
        rows = await self._pool.fetch(SQL["find_session_key"], tenant=tenant, session=session)
        return (bytes(rows[0][0]), str(rows[0][1])) if rows else None

    async def keep(self, tenant: str, session: str, wrapped: bytes, master: str) -> None:
        """Store a wrapped key, unless the session has one."""
        await self._pool.fetch(SQL["keep_session_key"], tenant=tenant, session=session, wrapped=wrapped, master=master)
