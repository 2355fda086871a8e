"""Give what is watched a log with two tools registered."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.store import PostgresEventStore
from tests.commands.parts import register


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresEventStore]:
    """Open a log with two tools registered."""
    opened = await PostgresEventStore.open(database)
    await register(opened)
    yield opened
    await opened.close()
