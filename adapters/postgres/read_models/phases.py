"""Lead a build through its phases: fill the next form, compare it with the live one, put it in its place.

The live form is locked for the moment of the swap only, and whoever uses it then is not kept waiting: where the lock
does not come at once, the swap is tried again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from adapters.postgres.read_models import beside
from adapters.postgres.read_models.filling import Filler, change, log_state
from adapters.postgres.read_models.keeper import held, set_checkpoint
from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel

Step: TypeAlias = Callable[[], Awaitable[bool]]

LOGGER = logging.getLogger("reprise.projections")
NEAR_EVENTS = 500
STILL_SECONDS = 10.0
PAUSE_SECONDS = 0.1


class Replaced(Exception):
    """Tell a builder that the log was replaced: what it has built is of no use."""


class Phases:
    """Lead one build through its phases."""

    def __init__(
        self, model: ReadModel, connection: Connection, filler: Filler, build: int, log_id: str, *, checking: bool
    ):
        self._model = model
        self._connection = connection
        self._log_id = log_id
        self._checking = checking
        self.filler = filler
        self.build = build

    async def run(self) -> None:
        """Build, compare, and unless only that was asked for, put in place; raise Stopped, or Replaced."""
        await self._fill()
        async with self._connection.transaction():
            await beside.index(self._connection, self._model)
            await change(self._connection, "filled", self.build)
        await self._compare()
        if self._checking:
            await change(self._connection, "finish", self.build)
            return
        await beside.analyze(self._connection, self._model)
        while not await self._in_one(self._swap):
            await asyncio.sleep(PAUSE_SECONDS)
            await self._fill()

    async def _fill(self) -> None:
        """Project until the log's head is near."""
        while (head := await self._head()) - self.filler.position > NEAR_EVENTS:
            await self.filler.fill(head)
        await self.filler.fill(head)

    async def _compare(self) -> None:
        """Hold the next form against the live one at the same position, or say why that cannot be done."""
        while not (remark := await self._live_is_there()):
            if await self._in_one(self._hold_against_live):
                return
        await change(self._connection, "compared", self.build, differences=None, examples=[], remark=remark)

    async def _hold_against_live(self) -> bool:
        # One snapshot holds the live position and its rows; our own are written up to there within it.
        await self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await self._head()
        live = await self._live()
        if live is None or live < self.filler.position:
            return False  # it was emptied meanwhile
        await self.filler.fill(live)
        number, examples = await beside.differences(self._connection, self._model)
        await change(self._connection, "compared", self.build, differences=number, examples=examples, remark="")
        return True

    async def _live_is_there(self) -> str:
        """Wait for the live form to be as far as the next one; return why it cannot be compared, else ""."""
        seen, since = -1, 0.0
        while (live := await self._live()) is not None and live < self.filler.position:
            if live > seen:
                seen, since = live, asyncio.get_running_loop().time()
            elif asyncio.get_running_loop().time() > since + STILL_SECONDS:
                return f"not compared: the live form stands still at position {live}, so no projector may be running"
            await change(self._connection, "wait", self.build)
            await asyncio.sleep(PAUSE_SECONDS)
        return "" if live is not None else "not compared: the live form is not built from this log"

    async def _swap(self) -> bool:
        """Project what came meanwhile and put the next form in the live one's place."""
        await self._connection.execute("SET LOCAL lock_timeout = '300ms'")
        await held(self._connection, [self._model])
        await self.filler.fill(await self._head())
        await self._connection.execute("SET LOCAL lock_timeout = '100ms'")
        await beside.put_in_place(self._connection, self._model)
        await set_checkpoint(self._connection, self._model, self._log_id, self.filler.position)
        await change(self._connection, "finish", self.build)
        await self._connection.execute("SET LOCAL synchronous_commit = on")
        return True

    async def _in_one(self, step: Step) -> bool:
        """Take a step in one transaction; false where others were in its way, and then nothing was done."""
        position = self.filler.position
        try:
            async with self._connection.transaction():
                return await step()
        except (LockNotAvailable, DeadlockDetected, SerializationFailure) as fault:
            LOGGER.info("The build of read model %s tries again: %s", self._model.name, fault)
            await self.filler.stop()
            self.filler.position = position
            return False

    async def _live(self) -> int | None:
        """Return how far the live form is, None where it is not built from this log."""
        cursor = await self._connection.execute(SQL["checkpoints"])
        wanted = (self._model.name, self._model.version, self._log_id)
        return next((position for *key, position in await cursor.fetchall() if tuple(key) == wanted), None)

    async def _head(self) -> int:
        """Return the log's head; raise Replaced where it is another log by now."""
        log_id, head = await log_state(self._connection)
        if log_id != self._log_id:
            raise Replaced
        return head
