"""Handle the tables of a read model's next form, which stand beside the live ones under the same names."""

import re

from psycopg import sql

from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.schemas import has_schema, make, schema_of
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel

# json has no equality, so rows are held against each other as text; the same row may stand in a table twice.
_DIFFERENT = """
WITH different AS MATERIALIZED (
    SELECT row, sum(side) AS side
    FROM (SELECT t::text AS row, 1 AS side FROM {live} t UNION ALL SELECT t::text, -1 FROM {next} t) sides
    GROUP BY row HAVING sum(side) <> 0
)
SELECT coalesce((SELECT sum(abs(side)) FROM different), 0)::bigint,
       ARRAY(SELECT CASE WHEN side > 0 THEN 'live only: ' ELSE 'rebuilt only: ' END || row FROM different LIMIT 10)
"""
_EXAMPLE_CHARACTERS = 1_000


def next_of(model: ReadModel) -> str:
    """Return the name of the schema in which the next form is built."""
    return f"{schema_of(model)}_next"


async def exists(connection: Connection, model: ReadModel) -> bool:
    """Tell whether there is a next form, finished or not."""
    return await has_schema(connection, next_of(model))


async def create(connection: Connection, model: ReadModel) -> None:
    """Make the tables, empty, in the place of what an unfinished build left."""
    await drop(connection, model)
    await make(connection, model, next_of(model))
    if only_new_rows(model):
        for table in model.tables:
            for name, constraint, _ in await _indexes(connection, next_of(model), table):
                gone = "ALTER TABLE {next} DROP CONSTRAINT {name}" if constraint else "DROP INDEX {index}"
                await connection.execute(_each(gone, model, table, name))


async def index(connection: Connection, model: ReadModel) -> None:
    """Give the filled tables the live tables' indexes, where they have none yet."""
    for table in model.tables:
        there = {name for name, _, _ in await _indexes(connection, next_of(model), table)}
        for name, constraint, definition in await _indexes(connection, schema_of(model), table):
            if name not in there:
                made = "ALTER TABLE {next} ADD CONSTRAINT {name} " + constraint if constraint else _moved(definition)
                await connection.execute(_each(made, model, table, name))


async def analyze(connection: Connection, model: ReadModel) -> None:
    """Tell the planner what is in the tables, before anybody reads them."""
    for table in model.tables:
        await connection.execute(_each("ANALYZE {next}", model, table))


async def put_in_place(connection: Connection, model: ReadModel) -> None:
    """Drop the live tables and put the next ones in their place."""
    for table in model.tables:  # all locks before the first change, in one order
        await connection.execute(_each("LOCK TABLE {live} IN ACCESS EXCLUSIVE MODE", model, table))
    for table in model.tables:
        await connection.execute(_each("DROP TABLE {live}", model, table))
        await connection.execute(_each("ALTER TABLE {next} SET SCHEMA {schema}", model, table))
    await drop(connection, model)


async def differences(connection: Connection, model: ReadModel) -> tuple[int, list[str]]:
    """Return how many rows stand in one form only, and some of them, shortened."""
    await connection.execute("SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB'")
    number, examples = 0, list[str]()
    for table in model.tables:
        cursor = await connection.execute(_each(_DIFFERENT, model, table))
        ((found, rows),) = await cursor.fetchall()
        number += found
        examples += [f"{table}, {row[:_EXAMPLE_CHARACTERS]}" for row in rows]
    return number, examples


async def drop(connection: Connection, model: ReadModel) -> None:
    """Drop the next form where it exists."""
    await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(next_of(model))))


def only_new_rows(model: ReadModel) -> bool:
    """Tell whether nothing is looked up while the tables are filled, so that indexes can wait."""
    return not any(f"write_{kind.NAME}" in SQL for kind in model.writes)


async def _indexes(connection: Connection, schema: str, table: str) -> list[tuple[str, str | None, str]]:
    """Return a table's indexes: name, definition of the constraint that owns it, if one does, and its own."""
    cursor = await connection.execute(SQL["index_definitions"], {"table": f"{schema}.{table}"})
    return await cursor.fetchall()


def _moved(definition: str) -> str:
    """Return the definition of a live table's index for the next table."""
    plain = definition.replace("{", "{{").replace("}", "}}")
    return re.sub(r" ON \w+\.\S+ ", " ON {next} ", plain, count=1)


def _each(statement: str, model: ReadModel, table: str, name: str = "") -> sql.Composed:
    return sql.SQL(statement).format(
        live=sql.Identifier(schema_of(model), table),
        next=sql.Identifier(next_of(model), table),
        schema=sql.Identifier(schema_of(model)),
        index=sql.Identifier(next_of(model), name),
        name=sql.Identifier(name),
    )
