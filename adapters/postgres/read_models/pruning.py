"""Find the versions of read models that stand in the database, and drop those that no code needs any more."""

import re
from collections.abc import Mapping

from psycopg import sql

from adapters.postgres.connections import FAULTS, connect_patiently, translated
from adapters.postgres.read_models.builds import BUILDING
from adapters.postgres.read_models.rows import Connection
from adapters.postgres.read_models.statements import SQL
from projections.rows import ReadModel


async def prune(url: str, models: Mapping[str, ReadModel]) -> list[str]:
    """Drop the versions that are older than these read models, and return the names of their schemas.

    Code that still uses them must have been stopped: its reads fail from then on. Newer ones are left alone.
    """
    connection = await connect_patiently(url)
    try:
        dropped = []
        for name, version in await _versions(connection):
            if name in models and version < models[name].version:
                await _drop(connection, name, version)
                dropped.append(f"{name}_v{version}")
        return dropped
    except FAULTS as fault:
        raise translated(fault) from fault
    finally:
        await connection.close()


async def _versions(connection: Connection) -> list[tuple[str, int]]:
    cursor = await connection.execute(SQL["schemas"])
    found = [re.fullmatch(r"([a-z_]+)_v([0-9]+)", schema) for (schema,) in await cursor.fetchall()]
    return [(each[1], int(each[2])) for each in found if each]


async def _drop(connection: Connection, name: str, version: int) -> None:
    async with connection.transaction():
        for schema in (f"{name}_v{version}_next", f"{name}_v{version}"):
            await connection.execute(SQL["hold_schema"], {"schema": schema})
            await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        await connection.execute(BUILDING["forget"], {"name": name, "version": version})
