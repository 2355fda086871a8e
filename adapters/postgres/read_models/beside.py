"""Handle the tables of a read model's next form, which stand beside the live ones under the same names."""

import re

from psycopg import sql

from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel

LIVE, NEXT = "read_models", "read_models_next"

_WHOLE = "CREATE TABLE {next} (LIKE {live} INCLUDING ALL)"
_WITHOUT_INDEXES = "CREATE TABLE {next} (LIKE {live} INCLUDING ALL EXCLUDING INDEXES)"
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
    for table in model.tables:
        await connection.execute(_each(_WITHOUT_INDEXES if only_new_rows(model) else _WHOLE, table))


async def index(connection: Connection, model: ReadModel) -> None:
    """Give the filled tables the live tables' indexes, where they have none yet."""
    if not only_new_rows(model):
        return
    for table in model.tables:
        cursor = await connection.execute(SQL["index_definitions"], {"table": f"{LIVE}.{table}"})
        for constraint, definition in await cursor.fetchall():
            add = f"ALTER TABLE {{next}} ADD {constraint}" if constraint else _moved(definition)
            await connection.execute(_each(add, table))


async def put_in_place(connection: Connection, model: ReadModel) -> None:
    """Drop the live tables and put the next ones in their place."""
    for table in model.tables:
        await connection.execute(_each("DROP TABLE {live}", table))
        await connection.execute(_each("ALTER TABLE {next} SET SCHEMA {schema}", table))


async def differences(connection: Connection, model: ReadModel) -> tuple[str, ...]:
    """Return rows, at most 100 a table, that stand in one form only."""
    found: list[str] = []
    for table in model.tables:
        cursor = await connection.execute(_each(_DIFFERENT, table))
        found += [f"{table}, {side}: {text}" for side, text in await cursor.fetchall()]
    return tuple(found)


async def drop(connection: Connection, model: ReadModel) -> None:
    """Drop the tables where they exist."""
    for table in model.tables:
        await connection.execute(_each("DROP TABLE IF EXISTS {next}", table))


def only_new_rows(model: ReadModel) -> bool:
    """Tell whether nothing is looked up while the tables are filled, so that indexes can wait."""
    return not any(f"write_{kind.NAME}" in SQL for kind in model.writes)


def _moved(definition: str) -> str:
    """Return the definition of a live table's index for the next table."""
    return re.sub(rf" ON {LIVE}\.\S+ ", " ON {next} ", definition, count=1)


def _each(statement: str, table: str) -> sql.Composed:
    return sql.SQL(statement).format(
        live=sql.Identifier(LIVE, table), next=sql.Identifier(NEXT, table), schema=sql.Identifier(LIVE)
    )
