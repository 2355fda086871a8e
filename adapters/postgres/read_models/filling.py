"""Fill a read model's next form from the log: rows and the build's position together, batch by batch."""

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from psycopg.types.json import Jsonb

from adapters.postgres.connections import FAULTS, is_of_the_values, translated
from adapters.postgres.read_models import beside
from adapters.postgres.read_models.builds import BUILDING
from adapters.postgres.read_models.keeper import write_part
from adapters.postgres.read_models.reading import events_between
from adapters.postgres.read_models.rows import Connection, RowWriter
from adapters.postgres.read_models.statements import SQL
from domain.errors import Invalid
from projections.building import Told
from projections.keeping import Part
from projections.ports import Recorded
from projections.rows import ReadModel, Rows
from projections.runner import Decoded, decode, project, write_sound


class Stopped(Exception):
    """Tell a builder that somebody has paused or aborted its build."""


class Filler:
    """Project the log into the next form, the next batch while the last one is written."""

    def __init__(self, url: str, model: ReadModel, connection: Connection, build: int, told: Told | None):
        self._url = url
        self._model = model
        self._connection = connection
        self._writer = RowWriter(connection)
        self._build = build
        self._told = told
        self._head = 0
        self._skipped: Counter[str] = Counter()
        self._writing: asyncio.Task[None] | None = None
        self.position = 0

    def stand_at(self, position: int, skipped: dict[str, int]) -> None:
        """Begin where the tables stand."""
        self.position, self._skipped = position, Counter(skipped)

    async def fill(self, upto: int) -> None:
        """Project events up to a position; raise Stopped where the build was paused or aborted."""
        self._head = upto
        with _seldom_collected():
            async for batch in events_between(self._url, self.position, upto):
                await self._project(batch)
            await self._written()

    async def stop(self) -> None:
        """End a write that is still under way when something else failed."""
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None

    async def _project(self, batch: Sequence[Recorded]) -> None:
        skipped: Counter[str] = Counter()
        decoded, last = decode(batch, skipped), batch[-1].position
        try:
            rows: Rows | None = project(self._model, decoded)
        except Invalid:
            rows = None  # which event is to blame shows when it is written
        await self._written()
        self._skipped += skipped
        self._writing = asyncio.create_task(self._write_batch(rows, decoded, last))
        self.position = last

    async def _write_batch(self, rows: Rows | None, decoded: Decoded, last: int) -> None:
        if rows is not None:
            with suppress(Invalid):
                await self._write(rows, last)
                return
        await write_sound(self._model, decoded, last, self._write, self._skipped)

    async def _write(self, rows: Rows, position: int) -> None:
        part = Part(model=self._model, after=position, rows=rows)
        try:
            async with self._connection.transaction():
                await write_part(self._writer, beside.next_of(self._model), part)
                await self._advance(position)
        except FAULTS as fault:
            if is_of_the_values(fault):
                raise translated(fault) from fault
            raise
        if self._told:
            self._told(position, max(self._head, position))

    async def _advance(self, position: int) -> None:
        values = {"position": position, "head": self._head, "skipped": Jsonb(dict(self._skipped))}
        await change(self._connection, "advance", self._build, **values)

    async def _written(self) -> None:
        if self._writing:
            writing, self._writing = self._writing, None
            await writing


async def change(connection: Connection, statement: str, build: int, **values: Any) -> None:
    """Change a build that is under way; raise Stopped where it no longer is."""
    cursor = await connection.execute(BUILDING[statement], {"id": build, **values})
    if await cursor.fetchone() is None:
        raise Stopped


async def log_state(connection: Connection) -> tuple[str, int]:
    """Return the log's id and head."""
    cursor = await connection.execute(SQL["log_state"])
    ((log_id, head),) = await cursor.fetchall()
    return log_id, head


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for cyclic garbage seldom: a build makes millions of objects and no cycles, and looking costs half."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
