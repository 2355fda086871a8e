"""Read ranges of the log as projections need them, the next batch while the last one is projected."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from adapters.postgres.connections import connect_patiently
from adapters.postgres.follower import recorded_row
from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.statements import SQL
from projections.ports import Recorded

BATCH_EVENTS = 1_000


async def events_between(url: str, after: int, upto: int) -> AsyncIterator[Sequence[Recorded]]:
    """Yield the events behind position ``after`` up to position ``upto``, in batches."""
    if after >= upto:
        return
    connection = await connect_patiently(url)
    ahead = asyncio.create_task(_batch(connection, after, upto))
    try:
        while batch := await ahead:
            ahead = asyncio.create_task(_batch(connection, batch[-1].position, upto))
            yield batch
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
        await connection.close()


async def _batch(connection: Connection, after: int, upto: int) -> list[Recorded]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(SQL["read_range"], {"after": after, "upto": upto, "limit": BATCH_EVENTS}, prepare=True)
    return [recorded_row(*row) for row in await cursor.fetchall()]
