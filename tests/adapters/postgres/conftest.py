"""Give every test of the log a store on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.store import PostgresEventStore


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresEventStore]:
    """Yield an open store that is closed before its database is dropped."""
    store = await PostgresEventStore.open(database)
    yield store
    await store.close()
