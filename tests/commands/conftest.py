"""Give every test of the write side a log on a database of its own, with two tools registered."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.store import PostgresEventStore
from tests.commands.parts import register


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresEventStore]:
    """Yield an open store that is closed before its database is dropped."""
    store = await PostgresEventStore.open(database)
    await register(store)
    yield store
    await store.close()
