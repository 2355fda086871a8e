"""Tell local followers of the log that something was committed, by whatever process."""

import asyncio
import contextlib
import logging

from adapters.postgres.connections import Connection, connect_patiently
from adapters.postgres.statements import SQL

LOGGER = logging.getLogger("reprise.log")


class Commits:
    """Know the log's head, told by our own appender at once and by Postgres (NOTIFY) for all others."""

    def __init__(self, url: str):
        self._url = url
        self._head = 0
        self._advanced = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    def advance(self, position: int) -> None:
        """Note that the log reaches at least this position."""
        if position > self._head:
            self._head = position
            self._advanced.set()

    async def wait(self, after: int, timeout: float) -> bool:
        """Wait until the log reaches beyond a position, at most ``timeout`` seconds; tell whether it does.

        A false answer is no proof: whoever follows the log looks again.
        """
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="log-listener")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._head <= after:
                    self._advanced.clear()
                    await self._advanced.wait()
        return self._head > after

    async def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def _listen(self) -> None:
        while True:
            # Followers time out and look for themselves while the server is away.
            try:
                connection = await connect_patiently(self._url)
                try:
                    await self._follow(connection)
                finally:
                    await connection.close()
            except Exception as fault:  # whatever it was: without a listener every follower would be slow for ever
                LOGGER.info("The log's commits are listened for again: %s", fault)
            await asyncio.sleep(0.1)

    async def _follow(self, connection: Connection) -> None:
        await connection.execute("LISTEN log_events")
        while True:
            await self._look(connection)
            async with contextlib.aclosing(connection.notifies()) as notifications:
                async for notification in notifications:
                    if not notification.payload.isdigit():
                        break  # a writer that is not ours names no position
                    self.advance(int(notification.payload))

    async def _look(self, connection: Connection) -> None:
        cursor = await connection.execute(SQL["head"].encode())
        if row := await cursor.fetchone():
            self._head = row[0]  # lower than before where a backup was restored
            self._advanced.set()
