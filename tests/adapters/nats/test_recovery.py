"""Whatever is lost, stream and read models end up equal to the log by themselves."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random

import psycopg
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.nats.follow import Tail
from adapters.nats.relay import Relay
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.watching import rebuild
from adapters.postgres.store import PostgresEventStore
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.adapters.nats.logs import equal, until
from tests.adapters.postgres.read_models.logs import tell

Dial = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def read_side(store: PostgresEventStore, dial: Dial, database: str) -> AsyncIterator[PostgresReadModels]:
    """Run relay, tail and projector for the duration of a block."""
    keeper, tail = PostgresReadModels(database), Tail(store, await dial())
    parts = (Relay(store, await dial()).run(), tail.run(), Projector(tail, keeper, READ_MODELS).run())
    running = [asyncio.create_task(part) for part in parts]
    try:
        yield keeper
    finally:
        for task in running:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*running)
        await keeper.close()


async def settled(store: PostgresEventStore, client: Client, database: str) -> bool:
    """Tell whether the stream and all read models are at the log's head and equal to it."""
    if not await equal(store, client):
        return False
    head, log_id = await store.head(), await store.log_id()
    keeper = PostgresReadModels(database)
    marks = (await keeper.checkpoints()).values()
    await keeper.close()
    if {(mark.log_id, mark.position) for mark in marks} != {(log_id, head)}:
        return False
    return all([(await rebuild(database, model, check=True)).differences == 0 for model in READ_MODELS.values()])


async def test_a_deleted_stream_store(
    store: PostgresEventStore, dial: Dial, database: str, fresh_nats: NatsServer
) -> None:
    client = await dial()
    async with read_side(store, dial, database):
        await tell(store, Random(1), sessions=2)
        await until(lambda: settled(store, client, database))
        os.kill(fresh_nats.pid, signal.SIGKILL)
        shutil.rmtree(fresh_nats.home / "jetstream")
        await tell(store, Random(2), sessions=1)
        await fresh_nats.restart()
        await tell(store, Random(3), sessions=1)
        await until(lambda: settled(store, client, database), 120)


async def test_a_postgres_restored_to_an_earlier_backup(store: PostgresEventStore, dial: Dial, database: str) -> None:
    client = await dial()
    async with read_side(store, dial, database):
        await tell(store, Random(4), sessions=2)
        await until(lambda: settled(store, client, database))
        before = await store.log_id()
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute("DELETE FROM log_events WHERE notification_id > 20")
        await tell(store, Random(5), sessions=1)
        await until(lambda: settled(store, client, database), 120)
        assert await store.log_id() != before
