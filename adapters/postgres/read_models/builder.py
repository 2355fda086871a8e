"""Carry out builds: fill the next form up to the log's head, compare it with the live one, put it in its place.

Reads go on meanwhile. The live form is locked for the moment of the swap only, and whoever uses it then is not kept
waiting: where the lock does not come at once, the swap is tried again. Nobody reads the next form before that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from psycopg.types.json import Jsonb

from adapters.postgres.connections import FAULTS, connect_patiently, is_of_the_values, translated
from adapters.postgres.read_models import beside
from adapters.postgres.read_models.builds import BUILDING
from adapters.postgres.read_models.filling import Filler, Stopped, change, log_state
from adapters.postgres.read_models.keeper import held, set_checkpoint
from adapters.postgres.read_models.rows import PLAIN_PLANS, Connection
from adapters.postgres.read_models.schemas import look_at, make, schema_of
from adapters.postgres.read_models.statements import SQL
from domain.errors import Unavailable
from projections.building import Told
from projections.rows import ReadModel

Step: TypeAlias = Callable[[], Awaitable[bool]]

LOGGER = logging.getLogger("reprise.projections")
NEAR_EVENTS = 500
STILL_SECONDS = 10.0
PAUSE_SECONDS = 0.1


class _Replaced(Exception):
    """Tell a builder that the log was replaced: what it has built is of no use."""


async def carry_out(url: str, model: ReadModel, told: Told | None = None) -> bool:
    """Bring the open build of a read model to its end, from where it stands; false where another process is at it.

    Without an open build, what an ended one has left behind is dropped. ``told`` hears how far it is.
    Raises Unavailable: then the build waits to be taken up again.
    """
    try:
        async with _locked(url, model) as connection:
            if connection is None:
                return False
            await _carry_out(url, model, connection, told)
            return True
    except FAULTS as fault:
        raise translated(fault) from fault


@asynccontextmanager
async def _locked(url: str, model: ReadModel) -> AsyncIterator[Connection | None]:
    """Yield a connection that keeps other builders from a read model, None where another does."""
    connection = await connect_patiently(url)
    try:
        cursor = await connection.execute(BUILDING["try_build"], {"schema": schema_of(model)})
        yield connection if await cursor.fetchone() == (True,) else None
    finally:
        await connection.close()


async def _carry_out(url: str, model: ReadModel, connection: Connection, told: Told | None) -> None:
    await connection.execute(PLAIN_PLANS)
    await connection.execute("SET synchronous_commit = off")
    await look_at(connection, [beside.next_of(model)])
    while builder := await _take(url, model, connection, told):
        try:
            await builder.run()
        except Stopped:
            LOGGER.info("The build of read model %s was paused or aborted.", model.name)
        except _Replaced:
            LOGGER.info("The log was replaced: the build of read model %s begins anew.", model.name)
        except Exception as fault:
            if isinstance(fault, Unavailable) or (isinstance(fault, FAULTS) and not is_of_the_values(fault)):
                raise
            LOGGER.exception("The build of read model %s failed.", model.name)
            await connection.execute(BUILDING["fail"], {"id": builder.build, "error": repr(fault)})
        finally:
            await builder.filler.stop()
    if not await _is_paused(connection, model):
        await beside.drop(connection, model)


async def _take(url: str, model: ReadModel, connection: Connection, told: Told | None) -> "_Builder | None":
    """Take the open build where its tables stand, or from the beginning where they are of no use; None without one."""
    async with connection.transaction():
        cursor = await connection.execute(BUILDING["take"], {"name": model.name, "version": model.version})
        found = await cursor.fetchone()
        if found is None:
            return None
        build, of_log, position, checking, skipped = found
        log_id, _ = await log_state(connection)
        await make(connection, model, schema_of(model))
        if of_log != log_id or not await beside.exists(connection, model):
            position, skipped = 0, {}
            await beside.create(connection, model)
        values = {"id": build, "log_id": log_id, "position": position, "skipped": Jsonb(skipped)}
        await connection.execute(BUILDING["begin"], values)
    filler = Filler(url, model, connection, build, told)
    filler.stand_at(position, skipped)
    LOGGER.info("Read model %s is rebuilt from position %d.", model.name, position)
    return _Builder(model, connection, filler, build, log_id, checking=checking)


async def _is_paused(connection: Connection, model: ReadModel) -> bool:
    cursor = await connection.execute(BUILDING["paused"], {"name": model.name, "version": model.version})
    return await cursor.fetchone() == (True,)


class _Builder:
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
        """Build, compare, and unless only that was asked for, put in place; raise Stopped, or _Replaced."""
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
        """Return the log's head; raise _Replaced where it is another log by now."""
        log_id, head = await log_state(self._connection)
        if log_id != self._log_id:
            raise _Replaced
        return head
