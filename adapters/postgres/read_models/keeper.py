"""Keep the rows of read models and their checkpoints: the runner's port on Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from psycopg import sql

from adapters.postgres.connections import FAULTS, connect_patiently, translated
from adapters.postgres.read_models.rows import PLAIN_PLANS, Connection, RowWriter
from adapters.postgres.read_models.schemas import look_at, make_missing, schema_of
from adapters.postgres.read_models.statements import SQL
from domain.errors import Conflict
from projections.keeping import Checkpoint, Part
from projections.rows import ReadModel


class PostgresReadModels:
    """Write read models, one batch at a time, over one connection that is renewed when it breaks."""

    def __init__(self, url: str):
        self._url = url
        self._writer: RowWriter | None = None
        self._connection: Connection | None = None
        self._seen: Sequence[ReadModel] = ()
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection:
            await self._connection.close()

    async def checkpoints(self) -> dict[tuple[str, int], Checkpoint]:
        """Return the checkpoints of all versions of read models, by name and version."""
        async with self._transaction() as (connection, _):
            cursor = await connection.execute(SQL["checkpoints"])
            return {
                (name, version): Checkpoint(log_id=log_id, position=position)
                for name, version, log_id, position in await cursor.fetchall()
            }

    async def reset(self, model: ReadModel, log_id: str) -> None:
        """Make a read model's tables, empty, to be built from a log from its beginning."""
        await make_missing(self._url, [model])
        async with self._transaction() as (connection, _):
            await set_checkpoint(connection, model, log_id, 0)
            tables = sql.SQL(", ").join(sql.Identifier(schema_of(model), table) for table in model.tables)
            await connection.execute(sql.SQL("TRUNCATE {}").format(tables))

    async def write(self, parts: Sequence[Part], position: int) -> None:
        """Write what read models take from a batch, and their new position, all or nothing.

        Raises Conflict, Invalid where Postgres cannot take the rows, Unavailable.
        """
        models = [part.model for part in parts]
        async with self._transaction() as (connection, writer):
            _check(parts, await held(connection, models))
            await self._look_at(connection, models)
            for part in parts:
                await write_part(writer, schema_of(part.model), part)
            await connection.execute(SQL["advance_checkpoints"], {**_keys(models), "position": position})

    async def _look_at(self, connection: Connection, models: Sequence[ReadModel]) -> None:
        if models != self._seen:
            self._seen = ()  # until it is sure: what fails is undone
            await look_at(connection, map(schema_of, models))
            self._seen = models

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[Connection, RowWriter]]:
        async with self._turn:
            try:
                connection, writer = await self._connected()
                async with connection.transaction():
                    try:
                        yield connection, writer
                    except asyncio.CancelledError:
                        # A command may still be under way, and none can be sent behind it; what was not committed is
                        # undone with its connection.
                        await self.close()
                        raise
            except Conflict:
                raise
            except BaseException as fault:
                await self.close()
                if isinstance(fault, FAULTS):
                    raise translated(fault) from fault
                raise

    async def _connected(self) -> tuple[Connection, RowWriter]:
        if self._connection is None or self._connection.closed or self._writer is None:
            self._connection = await connect_patiently(self._url)
            await self._connection.execute(PLAIN_PLANS)
            self._writer, self._seen = RowWriter(self._connection), ()
        return self._connection, self._writer


async def write_part(writer: RowWriter, schema: str, part: Part) -> None:
    """Write one read model's rows, in the order of their statements, to a schema that the search path names."""
    for kind in part.model.writes:
        if rows := part.rows.get(kind):
            await writer.write(schema, kind, rows)


async def set_checkpoint(connection: Connection, model: ReadModel, log_id: str, position: int) -> None:
    """Say how far a read model is built, and from which log."""
    values = {"name": model.name, "log_id": log_id, "version": model.version, "position": position}
    await connection.execute(SQL["set_checkpoint"], values)


async def held(connection: Connection, models: Sequence[ReadModel]) -> dict[tuple[str, int], int]:
    """Keep other runners from read models until the transaction ends; return how far each is, by name and version."""
    cursor = await connection.execute(SQL["hold_checkpoints"], _keys(models))
    return {(name, version): position for name, version, position in await cursor.fetchall()}


def _keys(models: Sequence[ReadModel]) -> dict[str, list[str] | list[int]]:
    return {"names": [model.name for model in models], "versions": [model.version for model in models]}


def _check(parts: Sequence[Part], found: dict[tuple[str, int], int]) -> None:
    for part in parts:
        if (position := found.get((part.model.name, part.model.version))) != part.after:
            raise Conflict(
                f"Expected read model {part.model.name} of version {part.model.version} at position {part.after}, "
                f"but it is at {position}: another runner was quicker. Read on from there."
            )
