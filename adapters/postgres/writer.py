"""Carry flushes over one connection: first the rows, then one call that appends them.

The append lock is taken inside that call only, so a process that is stopped while its rows travel holds nothing.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from adapters.postgres.connections import Connection, connect
from adapters.postgres.rows import Unit, arrays, compared, copy_block
from adapters.postgres.statements import SQL

# Up to here it is quicker to send the rows with the call than to stage them.
SMALL_EVENTS, SMALL_BYTES = 64, 128 * 1024

Reason = dict[str, Any]


class Writer:
    """Write units to the log, those of one flush in one transaction; raises what psycopg raises."""

    def __init__(self, url: str):
        self._url = url
        self._connection: Connection | None = None
        self._small: dict[str, list[Any]] | None = None
        self.ready = False
        """Whether a flush is staged: the next thing to do is to append it."""

    async def stage(self, units: Sequence[Unit]) -> None:
        """Bring the rows of a flush to the server; large ones travel now, small ones with the call."""
        connection = await self._connected()
        self._small = arrays(units) if _is_small(units) else None
        if self._small is None:
            async with connection.cursor().copy(SQL["stage"].encode()) as copy:
                await copy.write(copy_block(units))
        self.ready = True

    async def append(self) -> tuple[int, Sequence[Reason]]:
        """Append what is staged; return the position before it and the reasons of the refused units."""
        cursor = (await self._connected()).cursor(binary=True)
        if self._small is None:
            await cursor.execute(SQL["append_staged"].encode(), prepare=True)
        else:
            await cursor.execute(SQL["append_batch"].encode(), self._small, prepare=True)
        self.ready = False
        for base, refused in await cursor.fetchall():
            return base, refused or ()
        raise psycopg.InternalError("the append function answered nothing")

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
        """Drop the connection and with it whatever it had staged; the next flush opens another."""
        self.ready = False
        if self._connection:
            await self._connection.close()
            self._connection = None

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = await connect(self._url)
            await self._connection.execute(SQL["create_staged"].encode())
        return self._connection


def _is_small(units: Sequence[Unit]) -> bool:
    if sum(map(len, units)) > SMALL_EVENTS:
        return False
    return sum(len(event.state) for unit in units for event in unit) <= SMALL_BYTES
