"""Write rows: changes travel as one array and are merged by their own statement; new rows are copied straight in."""

from collections.abc import Sequence
from struct import Struct

import msgspec
from psycopg import AsyncConnection, sql
from psycopg.adapt import Buffer, Dumper, Transformer
from psycopg.pq import Format
from psycopg.rows import TupleRow

from adapters.postgres.read_models.statements import SQL
from projections.rows import Row

Connection = AsyncConnection[TupleRow]

JSON_OID = 114
# Merging by index whatever the planner, which knows nothing about an array, thinks of it.
PLAIN_PLANS = b"SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"

_INT = Struct("!i")
_FIELD = Struct("!Ii")
# Dimensions, whether nulls may come, element type, length, lower bound.
_ARRAY = Struct("!iiIii")


class RawJson(Dumper):
    """Send foreign JSON to a json column as the text it came in."""

    format = Format.BINARY
    oid = JSON_OID

    def dump(self, obj: msgspec.Raw) -> Buffer:
        """Return the text."""
        return bytes(obj)


class Encoded(bytes):
    """Be a value in Postgres' binary format; the statement's cast says of what type."""


class EncodedDumper(Dumper):
    """Send an encoded value as it is."""

    format = Format.BINARY

    def dump(self, obj: Encoded) -> Buffer:
        """Return the bytes."""
        return bytes(obj)


class ChangeType:
    """Encode rows of one kind as an array of their composite type.

    Source: PostgreSQL, array_recv in arrayfuncs.c and record_recv in rowtypes.c.
    """

    def __init__(self, connection: Connection, oid: int, columns: Sequence[int]):
        self._oid = oid
        self._columns = columns
        self._transformer = Transformer(connection)
        self._transformer.set_dumper_types(columns, Format.BINARY)
        self._count = _INT.pack(len(columns))

    def encode(self, rows: Sequence[Row]) -> Encoded:
        """Return the array."""
        parts = [_ARRAY.pack(1, 0, self._oid, len(rows), 1)]
        for row in rows:
            record = self._record(row)
            parts += (_INT.pack(len(record)), record)
        return Encoded(b"".join(parts))

    def _record(self, row: Row) -> bytes:
        values = self._transformer.dump_sequence(msgspec.structs.astuple(row), [])
        parts: list[Buffer] = [self._count]
        for oid, value in zip(self._columns, values, strict=True):
            if value is None:
                parts.append(_FIELD.pack(oid, -1))
            else:
                parts += (_FIELD.pack(oid, len(value)), value)
        return b"".join(parts)


class RowWriter:
    """Write rows on one connection, whose search path must name the schema that is written to."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._types: dict[tuple[str, type[Row]], ChangeType] = {}
        self._copied: dict[tuple[str, type[Row]], list[int]] = {}
        connection.adapters.register_dumper(msgspec.Raw, RawJson)
        connection.adapters.register_dumper(Encoded, EncodedDumper)

    async def write(self, schema: str, kind: type[Row], rows: Sequence[Row]) -> None:
        """Write rows of one kind."""
        if f"write_{kind.NAME}" not in SQL:
            await self._copy(schema, kind, rows)
            return
        changes = (self._types.get((schema, kind)) or await self._learn(schema, kind)).encode(rows)
        await self._connection.execute(SQL[f"write_{kind.NAME}"], {"rows": changes})

    async def _learn(self, schema: str, kind: type[Row]) -> ChangeType:
        oid, columns = await self._columns(f"{schema}.{kind.NAME}_changes")
        if tuple(columns) != kind.__struct_fields__:
            raise TypeError(
                f"Expected {kind.__name__} to have the fields {', '.join(columns)}: raise its read model's version."
            )
        self._types[schema, kind] = ChangeType(self._connection, oid, list(columns.values()))
        return self._types[schema, kind]

    async def _copy(self, schema: str, kind: type[Row], rows: Sequence[Row]) -> None:
        types = self._copied.get((schema, kind)) or await self._columns_of(schema, kind)
        fields = sql.SQL(", ").join(map(sql.Identifier, kind.__struct_fields__))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(schema, kind.NAME), fields)
        async with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                await copy.write_row(msgspec.structs.astuple(row))

    async def _columns_of(self, schema: str, kind: type[Row]) -> list[int]:
        _, types = await self._columns(f"{schema}.{kind.NAME}")
        self._copied[schema, kind] = [types[name] for name in kind.__struct_fields__]
        return self._copied[schema, kind]

    async def _columns(self, name: str) -> tuple[int, dict[str, int]]:
        cursor = await self._connection.execute(SQL["change_type"], {"name": name})
        found = await cursor.fetchall()
        return found[0][0], {column: oid for _, column, oid in found}
