"""Handle the tables of a read model's next form, which stand beside the live ones under the same names."""

import re

from psycopg import sql

from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.schemas import make, schema_of
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel

# json has no equality, so rows are held against each other as text.
_DIFFERENT = """
(SELECT 'live only', t::text FROM {live} t EXCEPT ALL SELECT 'live only', t::text FROM {next} t)
UNION ALL
(SELECT 'rebuilt only', t::text FROM {next} t EXCEPT ALL SELECT 'rebuilt only', t::text FROM {live} t)
LIMIT 100
"""


async def create(connection: Connection, model: ReadModel) -> None:
    """Create the tables, empty, in the place of what an unfinished rebuild left."""
    await drop(connection, model)
    await make(connection, model, next_of(model))
    if only_new_rows(model):
        await _drop_indexes(connection, model)


async def index(connection: Connection, model: ReadModel) -> None:
    """Give the filled tables the live tables' indexes, where they have none yet."""
    if not only_new_rows(model):
        return
    for table in model.tables:
        for _, constraint, definition in await _indexes(connection, schema_of(model), table):
            add = f"ALTER TABLE {{next}} ADD {constraint}" if constraint else _moved(definition, schema_of(model))
            await connection.execute(_each(add, model, table))


async def put_in_place(connection: Connection, model: ReadModel) -> None:
    """Drop the live tables and put the next ones in their place."""
    for table in model.tables:
        await connection.execute(_each("DROP TABLE {live}", model, table))
        await connection.execute(_each("ALTER TABLE {next} SET SCHEMA {schema}", model, table))


async def differences(connection: Connection, model: ReadModel) -> tuple[str, ...]:
    """Return rows, at most 100 a table, that stand in one form only."""
    found: list[str] = []
    for table in model.tables:
        cursor = await connection.execute(_each(_DIFFERENT, model, table))
        found += [f"{table}, {side}: {text}" for side, text in await cursor.fetchall()]
    return tuple(found)


async def drop(connection: Connection, model: ReadModel) -> None:
    """Drop the next form where it exists."""
    await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(next_of(model))))


async def _drop_indexes(connection: Connection, model: ReadModel) -> None:
    for table in model.tables:
        for name, constraint, _ in await _indexes(connection, next_of(model), table):
            drop = "ALTER TABLE {next} DROP CONSTRAINT {name}" if constraint else "DROP INDEX {index}"
            await connection.execute(_each(drop, model, table, name))


async def _indexes(connection: Connection, schema: str, table: str) -> list[tuple[str, str | None, str]]:
    """Return a table's indexes: name, definition of the constraint that owns it, if one does, and its own."""
    cursor = await connection.execute(SQL["index_definitions"], {"table": f"{schema}.{table}"})
    return await cursor.fetchall()


def only_new_rows(model: ReadModel) -> bool:
    """Tell whether nothing is looked up while the tables are filled, so that indexes can wait."""
    return not any(f"write_{kind.NAME}" in SQL for kind in model.writes)


def _moved(definition: str, schema: str) -> str:
    """Return the definition of a live table's index for the next table."""
    return re.sub(rf" ON {schema}\.\S+ ", " ON {next} ", definition, count=1)


def _each(statement: str, model: ReadModel, table: str, name: str = "") -> sql.Composed:
    return sql.SQL(statement).format(
        live=sql.Identifier(schema_of(model), table),
        next=sql.Identifier(next_of(model), table),
        schema=sql.Identifier(schema_of(model)),
        index=sql.Identifier(next_of(model), name),
        name=sql.Identifier(name),
    )


def next_of(model: ReadModel) -> str:
    """Return the name of the schema in which the next form is built."""
    return f"{schema_of(model)}_next"
