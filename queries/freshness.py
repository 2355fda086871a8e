"""Ask how far the read models are, and wait for what was just written to be in them."""

import asyncio
from datetime import datetime

import msgspec

from queries.ports import ReadStore
from queries.shapes import shaped

PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.02


class ProjectionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show how far a read model is: ``lag`` events are in the log but not in it yet."""

    name: str
    version: int
    position: int
    head: int
    lag: int
    updated_at: datetime


async def list_projections(store: ReadStore) -> list[ProjectionShown]:
    """Return how far each read model is."""
    return [shaped(ProjectionShown, row) for row in await store.fetch("projections")]


async def wait_for(store: ReadStore, position: int, *, patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until all read models have reached a position; false where they have not in time."""
    deadline = asyncio.get_running_loop().time() + patience
    while await reached(store) < position:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


async def reached(store: ReadStore) -> int:
    """Return the position that every read model has reached, 0 where there is none yet."""
    rows = await store.fetch("reached")
    return int(rows[0]["position"] or 0) if rows else 0
