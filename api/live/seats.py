"""Give each live stream a seat: as many as this process serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.services import Services
from domain.errors import Unavailable


@asynccontextmanager
async def seat(services: Services) -> AsyncIterator[None]:
    """Hold a seat for the duration of the block; raise Unavailable where all are taken."""
    if services.live_streams.locked():
        raise Unavailable("Expected room for one more live stream, but all are taken: close some, or try again later.")
    async with services.live_streams:
        yield
