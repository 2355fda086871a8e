"""Give the queries' tests a log, read models over it, and the store that answers."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore


@pytest.fixture
async def keeper(database: str) -> AsyncIterator[PostgresReadModels]:
    """Open the read models of this test's own database for writing."""
    opened = PostgresReadModels(database)
    yield opened
    await opened.close()


@pytest.fixture
async def reads(database: str) -> AsyncIterator[PostgresReadStore]:
    """Open the read models of this test's own database for reading."""
    opened = PostgresReadStore(database)
    yield opened
    await opened.close()
