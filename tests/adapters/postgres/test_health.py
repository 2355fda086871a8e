"""Whoever looks at a database's health is never kept waiting by it."""

import os
import signal
import time

import psycopg
import pytest

from adapters.postgres import health
from adapters.postgres.health import open_health
from domain.errors import Unavailable


async def backend(database: str) -> int:
    """Return the id of the process that serves the only other connection."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        )
        ((pid,),) = await cursor.fetchall()
        return int(pid)


async def test_a_server_that_stops_in_the_middle_is_given_up(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_health(database) as looking:
        await looking.fetch("login")
        monkeypatch.setattr(health, "ANSWER_SECONDS", 0.5)
        pid = await backend(database)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            with pytest.raises(TimeoutError):
                await looking.fetch("log")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert time.monotonic() - began < 5, "which is how long psycopg would wait for it to cancel"


async def test_nothing_can_be_changed(database: str) -> None:
    async with open_health(database) as looking:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await looking._connection.execute("UPDATE log_identity SET log_id = gen_random_uuid()")


async def test_what_postgres_cannot_answer_is_said_in_our_words(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("DROP TABLE read_models.versions")
    async with open_health(database) as looking:
        with pytest.raises(Unavailable, match=r"read_models\.versions"):
            await looking.fetch("kept")
