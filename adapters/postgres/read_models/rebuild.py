"""Build a read model anew beside the live one, with the same code, and put it in its place in one transaction."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import msgspec

from adapters.postgres.connections import FAULTS, connect, open_patiently, translated
from adapters.postgres.read_models import beside
from adapters.postgres.read_models.keeper import held, set_checkpoint, write_part
from adapters.postgres.read_models.reading import events_between
from adapters.postgres.read_models.rows import PLAIN_PLANS, Connection, RowWriter
from adapters.postgres.read_models.schemas import look_at
from adapters.postgres.read_models.statements import SQL
from domain.errors import Invalid, NotPossible
from projections.keeping import Part
from projections.ports import Recorded
from projections.rows import ReadModel, Rows
from projections.runner import Decoded, decode, project, write_sound

Progress = Callable[[int, int], None]


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a rebuild did; ``differences`` are rows that only the live or only the new read model has.

    They are None where the two cannot be compared: the live one is behind, or of another log or version.
    """

    name: str
    position: int
    events: int
    seconds: float
    skipped: dict[str, int]
    differences: tuple[str, ...] | None = None


async def rebuild(url: str, model: ReadModel, progress: Progress | None = None) -> Rebuilt:
    """Rebuild a read model up to the log's head and swap; ``progress`` is told (done, head).

    Raises NotPossible while another rebuild of it runs, Unavailable.
    """
    async with _building(url, model) as builder:
        await builder.build(progress)
        await builder.swap()
        return builder.result()


async def compare(url: str, model: ReadModel, progress: Progress | None = None) -> Rebuilt:
    """Rebuild a read model to where the live one stands and hold the two against each other; nothing is swapped."""
    async with _building(url, model) as builder:
        await builder.build(progress)
        return builder.result(await builder.differences())


@asynccontextmanager
async def _building(url: str, model: ReadModel) -> AsyncIterator["_Builder"]:
    connection = await open_patiently(lambda: connect(url))
    try:
        cursor = await connection.execute(SQL["try_rebuild"], {"name": model.name})
        if await cursor.fetchone() != (True,):
            raise NotPossible(f"Read model {model.name} is being rebuilt already: wait until that has ended.")
        await connection.execute(PLAIN_PLANS)
        await connection.execute("SET synchronous_commit = off")
        await look_at(connection, [beside.next_of(model)])
        builder = _Builder(url, model, connection)
        try:
            yield builder
        finally:
            await builder.stop()
        await beside.drop(connection, model)
    except FAULTS as fault:
        raise translated(fault) from fault
    finally:
        await connection.close()


class _Builder:
    """Fill the tables of the next form."""

    def __init__(self, url: str, model: ReadModel, connection: Connection):
        self._url = url
        self._model = model
        self._connection = connection
        self._writer = RowWriter(connection)
        self._began = time.monotonic()
        self._log_id = ""
        self._position = 0
        self._skipped: Counter[str] = Counter()
        self._writing: asyncio.Task[None] | None = None

    async def build(self, progress: Progress | None) -> None:
        """Create the tables and project the log up to its present head."""
        await beside.create(self._connection, self._model)
        self._log_id, head = await self._log_state()
        with _seldom_collected():
            async for batch in events_between(self._url, 0, head):
                await self._project(batch)
                if progress:
                    progress(self._position, head)
            await self._written()
        await beside.index(self._connection, self._model)

    async def swap(self) -> None:
        """Project what came meanwhile and put the new tables in the live ones' place."""
        async with self._connection.transaction():
            await self._hold()
            await self._catch_up((await self._log_state())[1])
            await beside.put_in_place(self._connection, self._model)
            await set_checkpoint(self._connection, self._model, self._log_id, self._position)
            await self._connection.execute("SET LOCAL synchronous_commit = on")

    async def differences(self) -> tuple[str, ...] | None:
        """Return rows that stand in one form only, at the same position; None where they cannot be compared."""
        async with self._connection.transaction():
            live = await self._hold()
            if live is None or live < self._position:
                return None
            await self._catch_up(live)
            return await beside.differences(self._connection, self._model)

    async def stop(self) -> None:
        """End a write that is still under way when something else failed."""
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    def result(self, differences: tuple[str, ...] | None = None) -> Rebuilt:
        """Say what was done."""
        return Rebuilt(
            name=self._model.name,
            position=self._position,
            events=self._position,
            seconds=time.monotonic() - self._began,
            skipped=dict(self._skipped),
            differences=differences,
        )

    async def _hold(self) -> int | None:
        """Keep runners from the live form; return its position where it is of this log and version."""
        await held(self._connection, [self._model])
        cursor = await self._connection.execute(SQL["checkpoints"])
        for name, version, log_id, position in await cursor.fetchall():
            if (name, log_id, version) == (self._model.name, self._log_id, self._model.version):
                return int(position)
        return None

    async def _catch_up(self, upto: int) -> None:
        async for batch in events_between(self._url, self._position, upto):
            await self._project(batch)
        await self._written()

    async def _project(self, batch: Sequence[Recorded]) -> None:
        """Project a batch while the one before is being written."""
        decoded, last = decode(batch, self._skipped), batch[-1].position
        try:
            rows: Rows | None = project(self._model, decoded)
        except Invalid:
            rows = None  # which event is to blame shows when it is written
        await self._written()
        self._writing = asyncio.create_task(self._write_batch(rows, decoded, last))
        self._position = last

    async def _write_batch(self, rows: Rows | None, decoded: Decoded, last: int) -> None:
        if rows is not None:
            with suppress(Invalid):
                await self._write(rows, last)
                return
        await write_sound(self._model, decoded, last, self._write, self._skipped)

    async def _write(self, rows: Rows, position: int) -> None:
        try:
            part = Part(model=self._model, after=position, rows=rows)
            async with self._connection.transaction():
                await write_part(self._writer, beside.next_of(self._model), part)
        except FAULTS as fault:
            raise translated(fault) from fault

    async def _written(self) -> None:
        if self._writing:
            await self._writing
            self._writing = None

    async def _log_state(self) -> tuple[str, int]:
        cursor = await self._connection.execute(SQL["log_state"])
        ((log_id, head),) = await cursor.fetchall()
        return log_id, head


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for cyclic garbage seldom: a rebuild makes millions of objects and no cycles, and looking costs half."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
