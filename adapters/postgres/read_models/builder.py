"""Carry out builds: one process at a time at each read model, from where the build stands; reads go on meanwhile."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.types.json import Jsonb

from adapters.postgres.connections import FAULTS, connect_patiently, is_of_the_values, translated
from adapters.postgres.read_models import beside
from adapters.postgres.read_models.builds import BUILDING
from adapters.postgres.read_models.filling import Filler, Stopped, log_state
from adapters.postgres.read_models.phases import Phases, Replaced
from adapters.postgres.read_models.rows import PLAIN_PLANS, Connection
from adapters.postgres.read_models.schemas import look_at, make, schema_of
from domain.errors import Unavailable
from projections.building import Told
from projections.rows import ReadModel

LOGGER = logging.getLogger("reprise.projections")


async def carry_out(url: str, model: ReadModel, told: Told | None = None) -> bool:
    """Bring the open build of a read model to its end, from where it stands; false where another process is at it.

    Without an open build, what an ended one has left behind is dropped. ``told`` hears how far it is.
    Raises Unavailable: then the build waits to be taken up again.
    """
    try:
        async with _locked(url, model) as connection:
            if connection is None:
                return False
            await _carry_out(url, model, connection, told)
            return True
    except FAULTS as fault:
        raise translated(fault) from fault


@asynccontextmanager
async def _locked(url: str, model: ReadModel) -> AsyncIterator[Connection | None]:
    """Yield a connection that keeps other builders from a read model, None where another does."""
    connection = await connect_patiently(url)
    try:
        cursor = await connection.execute(BUILDING["try_build"], {"schema": schema_of(model)})
        yield connection if await cursor.fetchone() == (True,) else None
    finally:
        await connection.close()


async def _carry_out(url: str, model: ReadModel, connection: Connection, told: Told | None) -> None:
    await connection.execute(PLAIN_PLANS)
    await connection.execute("SET synchronous_commit = off")
    await look_at(connection, [beside.next_of(model)])
    while phases := await _take(url, model, connection, told):
        try:
            await phases.run()
        except Stopped:
            LOGGER.info("The build of read model %s was paused or aborted.", model.name)
        except Replaced:
            LOGGER.info("The log was replaced: the build of read model %s begins anew.", model.name)
        except Exception as fault:
            if isinstance(fault, Unavailable) or (isinstance(fault, FAULTS) and not is_of_the_values(fault)):
                raise
            LOGGER.exception("The build of read model %s failed.", model.name)
            await phases.filler.stop()
            await connection.execute(BUILDING["fail"], {"id": phases.build, "error": repr(fault)})
        finally:
            await phases.filler.stop()
    if not await _is_paused(connection, model):
        await beside.drop(connection, model)


async def _take(url: str, model: ReadModel, connection: Connection, told: Told | None) -> Phases | None:
    """Take the open build where its tables stand, or from the beginning where they are of no use; None without one."""
    async with connection.transaction():
        cursor = await connection.execute(BUILDING["take"], {"name": model.name, "version": model.version})
        found = await cursor.fetchone()
        if found is None:
            return None
        build, of_log, position, checking, skipped = found
        log_id, _ = await log_state(connection)
        await make(connection, model, schema_of(model))
        if of_log != log_id or not await beside.exists(connection, model):
            position, skipped = 0, {}
            await beside.create(connection, model)
        values = {"id": build, "log_id": log_id, "position": position, "skipped": Jsonb(skipped)}
        await connection.execute(BUILDING["begin"], values)
    filler = Filler(url, model, connection, build, told)
    filler.stand_at(position, skipped)
    LOGGER.info("Read model %s is rebuilt from position %d.", model.name, position)
    return Phases(model, connection, filler, build, log_id, checking=checking)


async def _is_paused(connection: Connection, model: ReadModel) -> bool:
    cursor = await connection.execute(BUILDING["paused"], {"name": model.name, "version": model.version})
    return await cursor.fetchone() == (True,)
