"""Give each test what remembers, on a log of its own."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.store import PostgresEventStore
from tests.commands.memory.knowing import Knowing, knowing


@pytest.fixture
async def known(database: str, store: PostgresEventStore) -> AsyncIterator[Knowing]:
    """Yield what remembers and recalls."""
    async with knowing(database, store) as opened:
        yield opened
