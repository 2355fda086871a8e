"""Give every version of a read model a schema of its own, and find its tables there.

Two versions of the code run side by side, for each sees only the schemas of its own read models: statements name tables
alone, and the search path says whose they are.
"""

from collections.abc import Iterable
from importlib.resources import files

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres.connections import connect, patiently
from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel


def schema_of(model: ReadModel) -> str:
    """Return the name of the schema that holds this version of a read model."""
    return f"{model.name}_v{model.version}"


def seeing(url: str, models: Iterable[ReadModel]) -> str:
    """Return the connection string under which statements find the tables of these read models."""
    given = str(conninfo_to_dict(url).get("options") or "")
    path = ",".join([*map(schema_of, models), "public"])
    return make_conninfo(url, options=f"{given} -c search_path={path}".strip())


async def look_at(connection: Connection, schemas: Iterable[str]) -> None:
    """Let a connection's statements find tables in these schemas, and nowhere else."""
    path = sql.SQL(", ").join(map(sql.Identifier, schemas))
    await connection.execute(sql.SQL("SET search_path = {}").format(path))


async def make_missing(url: str, models: Iterable[ReadModel]) -> None:
    """Make the tables of those read models that have none yet, empty; safe when several do it at once."""

    async def once() -> None:
        async with await connect(url) as connection:
            for model in models:
                await make(connection, model, schema_of(model))

    await patiently(once)


async def make(connection: Connection, model: ReadModel, schema: str) -> None:
    """Make a read model's tables and types in a schema, unless it is there."""
    async with connection.transaction():
        await connection.execute(SQL["hold_schema"], {"schema": schema})
        if await has_schema(connection, schema):
            return
        await connection.execute(SQL["make_schema"], {"schema": schema})
        await connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
        await connection.execute(definitions(model))


async def has_schema(connection: Connection, schema: str) -> bool:
    """Tell whether there is a schema of this name."""
    cursor = await connection.execute(SQL["has_schema"], {"schema": schema})
    return await cursor.fetchone() == (True,)


def definitions(model: ReadModel) -> bytes:
    """Return the statements that make a read model's tables, indexes and change types."""
    return files(__package__).joinpath("tables", f"{model.name}.sql").read_bytes()
