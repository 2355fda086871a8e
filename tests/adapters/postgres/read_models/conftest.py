"""Give the read models' tests a log and a keeper of rows over the same database."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from adapters.embedded.postgres import PostgresServer
from adapters.postgres.read_models.keeper import PostgresReadModels


@pytest.fixture
async def keeper(database: str) -> AsyncIterator[PostgresReadModels]:
    """Open the read models of this test's own database."""
    opened = PostgresReadModels(database)
    yield opened
    await opened.close()


@pytest.fixture
async def empty_database(postgres: PostgresServer) -> AsyncIterator[str]:
    """Yield the URL of a database with nothing in it."""
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as owner:
        await owner.execute("CREATE DATABASE unmigrated")
        yield postgres.url_of("unmigrated")
        await owner.execute("DROP DATABASE unmigrated WITH (FORCE)")
