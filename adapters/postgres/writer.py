"""Carry flushes over one connection, each in one call.

The server has received all rows before it begins the call and takes the append lock in it, so a process that is
stopped while its rows travel holds nothing, and one that is stopped afterwards has nothing left to do.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from adapters.postgres.connections import Connection, connect
from adapters.postgres.rows import Unit, compared, pack, register_rows
from adapters.postgres.statements import SQL

Reason = dict[str, Any]


class Writer:
    """Write units to the log, those of one flush in one transaction; raises what psycopg raises."""

    def __init__(self, url: str):
        self._url = url
        self._connection: Connection | None = None
        self._row_type = 0

    async def append(self, units: Sequence[Unit]) -> tuple[int, Sequence[Reason]]:
        """Append units; return the position before them and the reasons of those that were refused."""
        connection = await self._connected()
        rows = pack(units, self._row_type)
        base, refused = await _one(connection, "append", rows=rows)
        return base, refused or ()

    async def find(self, unit: Unit) -> int:
        """Return the position of a unit's last event if the log holds exactly these events, else 0."""
        connection = await self._connected()
        cursor = await connection.execute(SQL["find_events"].encode(), compared(unit), binary=True)
        found = [position for (position,) in await cursor.fetchall()]
        return max(found) if len(found) == len(unit) else 0

    async def end_stuck_writers(self) -> None:
        """End whoever sits on the append lock, as the user who logged in: the service's role may not."""
        connection = await self._connected()
        await connection.execute("SET ROLE NONE")
        await connection.execute(SQL["end_stuck_writers"].encode())
        await connection.execute("RESET ROLE")

    async def reset(self) -> None:
        """Drop the connection; the next flush opens another."""
        if self._connection:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = await connect(self._url)
            register_rows(self._connection)
            (self._row_type,) = await _one(self._connection, "row_type")
        return self._connection


async def _one(connection: Connection, statement: str, **values: Any) -> tuple[Any, ...]:
    cursor = await connection.execute(SQL[statement].encode(), values, prepare=True, binary=True)
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.InternalError(f"the statement {statement} answered nothing")
    return row
