"""Give the read models' tests a log and a keeper of rows over the same database."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.store import PostgresEventStore


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresEventStore]:
    """Open the log of this test's own database."""
    opened = await PostgresEventStore.open(database)
    yield opened
    await opened.close()


@pytest.fixture
async def keeper(database: str) -> AsyncIterator[PostgresReadModels]:
    """Open the read models of this test's own database."""
    opened = PostgresReadModels(database)
    yield opened
    await opened.close()
