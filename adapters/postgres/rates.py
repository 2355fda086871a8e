"""Keep how often tools are called, by all workers together, in Postgres: the write side's Rates."""

from collections.abc import Mapping
from datetime import timedelta

from adapters.postgres.connections import Pool
from adapters.postgres.statements import SQL

MILLISECOND = timedelta(milliseconds=1)


class PostgresRates:
    """Implement the Rates port; the database's clock counts, for it is everybody's."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def wait(self, tenant: str, holder: str, limits: Mapping[str, int], patience: timedelta) -> timedelta:
        """Return how long a call must wait until it may be sent; raises Unavailable."""
        rows = await self._pool.fetch(
            SQL["take_slot"],
            tenant=tenant,
            holder=holder,
            keys=list(limits),
            limits=list(limits.values()),
            patience=max(0, patience // MILLISECOND),
        )
        return int(rows[0][0]) * MILLISECOND
