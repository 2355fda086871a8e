"""Write rows: copied into a private table first, then merged by their own statement; new rows go straight in."""

from collections.abc import Sequence

import msgspec
from psycopg import AsyncConnection, sql
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.rows import TupleRow

from adapters.postgres.read_models.statements import SQL
from projections.rows import Row

Connection = AsyncConnection[TupleRow]

JSON_OID = 114
# Merging by index whatever the planner, which knows nothing about a private table, thinks of it.
PLAIN_PLANS = b"SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"


class RawJson(Dumper):
    """Send foreign JSON to a json column as the text it came in."""

    format = Format.BINARY
    oid = JSON_OID

    def dump(self, obj: msgspec.Raw) -> Buffer:
        """Return the text."""
        return bytes(obj)


class RowWriter:
    """Write rows on one connection, which must find the tables by its search path."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._types: dict[type[Row], list[int]] = {}
        connection.adapters.register_dumper(msgspec.Raw, RawJson)

    async def write(self, kind: type[Row], rows: Sequence[Row]) -> None:
        """Write rows of one kind."""
        if f"write_{kind.NAME}" not in SQL:
            await self._copy(kind, kind.NAME, rows)
            return
        staging = f"{kind.NAME}_changes"
        await self._copy(kind, staging, rows)
        await self._connection.execute(SQL[f"write_{kind.NAME}"])
        await self._connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier("pg_temp", staging)))

    async def _copy(self, kind: type[Row], table: str, rows: Sequence[Row]) -> None:
        types = self._types.get(kind) or await self._prepare(kind, table)
        columns = sql.SQL(", ").join(map(sql.Identifier, kind.__struct_fields__))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), columns)
        async with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                await copy.write_row(msgspec.structs.astuple(row))

    async def _prepare(self, kind: type[Row], table: str) -> list[int]:
        if stage := SQL.get(f"stage_{kind.NAME}"):
            await self._connection.execute(stage)
        cursor = await self._connection.execute(
            "SELECT attname, atttypid::bigint FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (table,)
        )
        types: dict[str, int] = dict(await cursor.fetchall())
        self._types[kind] = [types[name] for name in kind.__struct_fields__]
        return self._types[kind]
