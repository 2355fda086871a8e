"""Keep the rows of read models and their checkpoints: the runner's port on Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from psycopg import sql

from adapters.postgres.connections import FAULTS, connect_patiently, translated
from adapters.postgres.read_models.rows import PLAIN_PLANS, Connection, RowWriter
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
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection:
            await self._connection.close()

    async def checkpoints(self) -> dict[str, Checkpoint]:
        """Return the checkpoint of every read model that has one."""
        async with self._transaction() as (connection, _):
            cursor = await connection.execute(SQL["checkpoints"])
            return {
                name: Checkpoint(log_id=log_id, version=version, position=position)
                for name, log_id, version, position in await cursor.fetchall()
            }

    async def reset(self, model: ReadModel, log_id: str) -> None:
        """Empty a read model, to be built anew from a log; raise Conflict where newer code builds it."""
        async with self._transaction() as (connection, _):
            for version, _ in (await _held(connection, [model.name])).values():
                if version > model.version:
                    raise Conflict(f"Read model {model.name} is built by newer code, of version {version}.")
            await set_checkpoint(connection, model, log_id, 0)
            tables = sql.SQL(", ").join(sql.Identifier("read_models", table) for table in model.tables)
            await connection.execute(sql.SQL("TRUNCATE {}").format(tables))

    async def write(self, parts: Sequence[Part], position: int) -> None:
        """Write what read models take from a batch, and their new position, all or nothing.

        Raises Conflict, Invalid where Postgres cannot take the rows, Unavailable.
        """
        names = [part.model.name for part in parts]
        async with self._transaction() as (connection, writer):
            _check(parts, await _held(connection, names))
            for part in parts:
                await write_part(writer, part)
            await connection.execute(SQL["advance_checkpoints"], {"names": names, "position": position})

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[Connection, RowWriter]]:
        async with self._turn:
            try:
                connection, writer = await self._connected()
                async with connection.transaction():
                    yield connection, writer
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
            await self._connection.execute("SET search_path = read_models, public")
            self._writer = RowWriter(self._connection)
        return self._connection, self._writer


async def write_part(writer: RowWriter, part: Part) -> None:
    """Write one read model's rows in the order of their statements."""
    for kind in part.model.writes:
        if rows := part.rows.get(kind):
            await writer.write(kind, rows)


async def set_checkpoint(connection: Connection, model: ReadModel, log_id: str, position: int) -> None:
    """Say how far a read model is built, and from which log."""
    values = {"name": model.name, "log_id": log_id, "version": model.version, "position": position}
    await connection.execute(SQL["set_checkpoint"], values)


async def _held(connection: Connection, names: list[str]) -> dict[str, tuple[int, int]]:
    """Keep other runners from read models until the transaction ends; return their versions and positions."""
    cursor = await connection.execute(SQL["hold_checkpoints"], {"names": names})
    return {name: (version, position) for name, version, position in await cursor.fetchall()}


def _check(parts: Sequence[Part], found: dict[str, tuple[int, int]]) -> None:
    for part in parts:
        if found.get(part.model.name) != (part.model.version, part.after):
            raise Conflict(
                f"Expected read model {part.model.name} of version {part.model.version} at position {part.after}, "
                f"but it is at {found.get(part.model.name)}: another runner was quicker. Read on from there."
            )
