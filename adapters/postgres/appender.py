"""Append to the log by group commit: one flusher per process takes everything that is queued.

A lost connection leaves an outcome unknown. Then the same bytes are sent again: the append function decides
under the append lock whether they are still missing, and what it refuses is compared with the log; the very
same event ids and bytes at the same versions are ours, anything else is a conflict.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.errors import LockNotAvailable

from adapters.postgres.connections import PATIENCE_SECONDS, Connection, connect_patiently
from adapters.postgres.queue import Append, AppendQueue, new_append
from adapters.postgres.rows import arrays, compared, copy_block
from adapters.postgres.statements import SQL
from commands.ports import LogEvent
from domain.errors import Conflict, Invalid, RepriseError, Unavailable

# Up to here one call with its rows is quicker than staging them.
SMALL_EVENTS, SMALL_BYTES = 16, 128 * 1024


class Appender:
    """Write queued appends; ``on_commit`` hears the position of the last event of each flush."""

    def __init__(self, url: str, on_commit: Callable[[int], None]):
        self._url = url
        self._on_commit = on_commit
        self._queue = AppendQueue()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, and write from now on."""
        await self._connected()
        self._task = asyncio.create_task(self._run(), name="log-appender")

    async def close(self) -> None:
        """Stop; appends that are still queued are Unavailable."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._fail(self._queue.take_all(), Unavailable("The log is closing; nothing was written."))
        if self._connection:
            await self._connection.close()

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events, all or nothing, and return the position of the last one."""
        if self._task is None or self._task.done():
            raise Unavailable("The log is closed; nothing was written. Open it again.")
        append = new_append(events)
        await self._queue.put(append)
        return await append.position

    async def _run(self) -> None:
        while True:
            appends = await self._queue.take()
            try:
                await self._flush(appends)
            except BaseException as fault:
                self._fail(appends, _told(fault))
                if not isinstance(fault, Exception):
                    raise
                if isinstance(fault, Unavailable):
                    self._fail(self._queue.take_all(), _told(fault))

    async def _flush(self, appends: Sequence[Append]) -> None:
        """Write appends and answer each, whatever happens to the connection meanwhile."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        sent_before = False
        while True:
            try:
                connection = await self._connected()
                base, refused = await _send(connection, [append.events for append in appends])
                await self._answer(appends, base, refused or (), sent_before)
                return
            except LockNotAvailable as fault:
                await self._end_stuck_writers()
                _expire(deadline, fault, sent_before)
            except psycopg.OperationalError as fault:
                sent_before = True
                _expire(deadline, fault, sent_before)
            except psycopg.Error as fault:
                await self._flush_apart(appends, fault)
                return

    async def _flush_apart(self, appends: Sequence[Append], fault: psycopg.Error) -> None:
        """Write one by one what failed together: an append that Postgres cannot take harms no other."""
        await self._disconnect()  # rows may be left in its staging table
        if len(appends) == 1:
            raise Invalid(f"Postgres cannot store these events: {fault}") from fault
        for append in appends:
            try:
                await self._flush([append])
            except Invalid as refusal:
                self._fail([append], refusal)

    async def _answer(
        self, appends: Sequence[Append], base: int, refused: Sequence[dict[str, Any]], sent_before: bool
    ) -> None:
        reasons = {reason["unit"]: reason for reason in refused}
        position = base
        for number, append in enumerate(appends, 1):
            if number not in reasons:
                position += len(append.events)
                _resolve(append, position)
            elif sent_before and (ours := await self._find(append)):
                _resolve(append, ours)
            else:
                self._fail([append], _conflict(reasons[number]))
        self._on_commit(position)

    async def _find(self, append: Append) -> int:
        """Return the position of an append's last event if all of it is in the log, else 0."""
        connection = await self._connected()
        cursor = await connection.execute(SQL["find_events"].encode(), compared(append.events), binary=True)
        found = [position for (position,) in await cursor.fetchall()]
        return max(found) if len(found) == len(append.events) else 0

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect_patiently(self._url)
            await self._connection.execute(SQL["create_staged"].encode())
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection:
            await self._connection.close()

    async def _end_stuck_writers(self) -> None:
        """End whoever sits on the append lock, as the user who logged in: the service's role may not."""
        await self._disconnect()  # rows may be left in its staging table
        connection = await self._connected()
        await connection.execute("SET ROLE NONE")
        try:
            await connection.execute(SQL["end_stuck_writers"].encode())
        finally:
            await connection.execute("RESET ROLE")

    @staticmethod
    def _fail(appends: Sequence[Append], fault: RepriseError) -> None:
        for append in appends:
            if not append.position.done():
                append.position.set_exception(fault)


async def _send(
    connection: Connection, units: Sequence[Sequence[LogEvent]]
) -> tuple[int, list[dict[str, Any]] | None]:
    """Write units in one transaction; return the position before them and the reasons of the refused ones."""
    cursor = connection.cursor(binary=True)
    events = sum(map(len, units))
    if events <= SMALL_EVENTS and sum(len(event.state) for unit in units for event in unit) <= SMALL_BYTES:
        await cursor.execute(SQL["append_batch"].encode(), arrays(units), prepare=True)
    else:
        async with cursor.copy(SQL["stage"].encode()) as copy:
            await copy.write(copy_block(units))
        await cursor.execute(SQL["append_staged"].encode(), prepare=True)
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.InternalError("the append function answered nothing")
    return row[0], row[1]


def _resolve(append: Append, position: int) -> None:
    if not append.position.done():
        append.position.set_result(position)


def _conflict(reason: dict[str, Any]) -> Conflict:
    if "command" in reason:
        return Conflict(f"Command {reason['command']} was recorded already. Read what it wrote.")
    return Conflict(
        f"Expected stream {reason['stream']} to stand right before version {reason['first']}, but its head "
        f"is {reason['head'] or 0}. Read the new events and decide again."
    )


def _expire(deadline: float, fault: psycopg.Error, sent: bool) -> None:
    if asyncio.get_running_loop().time() < deadline:
        return
    outcome = "whether the events were written is unknown" if sent else "nothing was written"
    raise Unavailable(
        f"Expected Postgres to take the events within {PATIENCE_SECONDS:.0f} s, but {str(fault).strip()}; "
        f"{outcome}. Send the same events again."
    ) from fault


def _told(fault: BaseException) -> RepriseError:
    match fault:
        case RepriseError():
            return fault
        case asyncio.CancelledError():
            return Unavailable(
                "The log was closed while it wrote; whether the events were written is unknown."
            )
        case _:
            return Unavailable(f"The log could not write: {fault!r}. Report this as a bug.")
