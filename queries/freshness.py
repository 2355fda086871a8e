"""Ask whether the read models are up to date, and wait for what was just written to be in them."""

import asyncio

from queries.ports import ReadStore

PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.02


async def wait_for(store: ReadStore, position: int, *, patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until all read models have reached a position; false where they have not in time."""
    deadline = asyncio.get_running_loop().time() + patience
    while await reached(store) < position:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


async def reached(store: ReadStore) -> int:
    """Return the position that each of this code's read models has reached, 0 where one is not built yet."""
    rows = await store.fetch("reached")
    return int(rows[0]["position"] or 0) if rows else 0


async def head(store: ReadStore) -> int:
    """Return the position of the last event, 0 for an empty log."""
    (row,) = await store.fetch("head")
    return int(row["head"])
