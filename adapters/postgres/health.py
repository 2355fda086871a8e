"""Look at a database that may be in any state, read-only, and wait for nothing longer than a few seconds."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from adapters.postgres.connections import FAULTS, Connection, translated
from adapters.postgres.read_models.reader import READING
from adapters.postgres.read_models.schemas import seeing
from adapters.postgres.read_models.statements import named
from domain.errors import Refused, Unavailable
from projections.registry import READ_MODELS

STATEMENTS = {**READING, **named(files(__package__).joinpath("health.sql").read_text("utf-8"))}
ANSWER_SECONDS = 3.0
CAREFUL = "-c default_transaction_read_only=on -c statement_timeout=3000 -c lock_timeout=1000"


class PostgresHealth:
    """Answer statements about a database's health, and those over its read models; raises Unavailable, TimeoutError."""

    def __init__(self, connection: Connection):
        self._connection = connection

    async def fetch(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """Return a statement's rows, each as its columns by name."""
        asking = asyncio.create_task(self._fetch(STATEMENTS[statement], values))
        answered, _ = await asyncio.wait([asking], timeout=ANSWER_SECONDS)
        if not answered:
            _hang_up(self._connection)  # psycopg would first ask a server that hangs to cancel, and wait for that
            await asyncio.wait([asking])
        try:
            return asking.result()
        except FAULTS as fault:
            if not answered:
                raise TimeoutError from fault
            raise translated(fault) from fault

    async def _fetch(self, statement: bytes, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []


def _hang_up(connection: Connection) -> None:
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def open_health(url: str) -> AsyncIterator[PostgresHealth]:
    """Connect once, as whoever the URL names; raise Refused where the server says no, Unavailable, TimeoutError."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await AsyncConnection.connect(_careful(url), autocommit=True)
    except FAULTS as fault:
        words = " ".join(str(fault).split())
        raise Refused(words) if "FATAL" in words else Unavailable(words) from fault
    try:
        yield PostgresHealth(connection)
    finally:
        await connection.close()


def _careful(url: str) -> str:
    seen = seeing(url, READ_MODELS.values())
    return make_conninfo(seen, options=f"{conninfo_to_dict(seen)['options']} {CAREFUL}")
