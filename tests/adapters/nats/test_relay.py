"""The stream holds the log's events, each at its position, whatever either side loses."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import psycopg
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.embedded.postgres import PostgresServer
from adapters.nats.connection import jetstream
from adapters.nats.events_stream import Settings, batches
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogNotification
from domain.tracing import traceparent
from tests.adapters.nats.logs import append, equal, logged, mirrored, paused, relaying, until

Dial = Callable[[], Awaitable[Client]]


async def test_the_sequence_in_the_stream_is_the_position_in_the_log(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    await append(store, 5)
    async with relaying(store, client):
        await until(lambda: equal(store, client))
        await append(store, 3)
        await append(store, 1)
        await until(lambda: equal(store, client))
    assert len(await mirrored(client)) == 9


async def test_a_message_is_a_cloud_event_with_the_stored_bytes(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    await append(store, 1)
    async with relaying(store, client):
        await until(lambda: equal(store, client))
    (event,) = await store.read_log(0, 1)
    message = await jetstream(client).get_msg("REPRISE_EVENTS", 1)
    assert message.subject == f"reprise.events.session.{event.originator_id}.paused"
    assert message.data == event.state
    assert message.headers is not None
    assert message.headers["ce-id"] == event.event_id.hex
    assert message.headers["ce-type"] == "session.paused.v1"
    assert message.headers["ce-subject"] == str(event.originator_id)
    assert message.headers["ce-source"] == f"/reprise/{await store.log_id()}"
    assert message.headers["ce-specversion"] == "1.0"
    assert message.headers["ce-time"] == "2026-11-01T12:00:00Z"
    assert message.headers["traceparent"] == traceparent(str(event.originator_id))


async def test_a_second_relay_publishes_nothing_twice_and_takes_over(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    async with relaying(store, await dial()):
        async with relaying(store, await dial()):
            for _ in range(30):
                await append(store, 2)
            await until(lambda: equal(store, client))
        await append(store, 1)
        await until(lambda: equal(store, client))
    assert len(await mirrored(client)) == 61


async def test_it_catches_up_with_more_than_a_batch(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    for _ in range(3):
        await append(store, 900)

    async def caught_up() -> bool:
        return (await jetstream(client).stream_info("REPRISE_EVENTS")).state.last_seq == 2_700

    async with relaying(store, client):
        await until(caught_up)
    assert await equal(store, client)


async def test_an_event_that_is_not_ours_does_not_jam_it(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    foreign = replace(paused(uuid4(), 1), topic="some.module with *:Thing.>", state=b"\xff not JSON")
    await store.append([foreign])
    async with relaying(store, client):
        await until(lambda: equal(store, client))
    message = await jetstream(client).get_msg("REPRISE_EVENTS", 1)
    assert message.data == foreign.state
    assert (message.headers or {})["ce-type"] == foreign.topic


async def test_nats_killed_in_mid_flow_costs_nothing(
    store: PostgresEventStore, dial: Dial, fresh_nats: NatsServer
) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 10)
        await until(lambda: equal(store, client))
        os.kill(fresh_nats.pid, signal.SIGKILL)
        await append(store, 10)
        await fresh_nats.restart()
        await append(store, 10)
        await until(lambda: equal(store, client))


async def test_a_deleted_store_is_filled_again(store: PostgresEventStore, dial: Dial, fresh_nats: NatsServer) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 10)
        await until(lambda: equal(store, client))
        os.kill(fresh_nats.pid, signal.SIGKILL)
        shutil.rmtree(fresh_nats.home / "jetstream")
        await fresh_nats.restart()
        await append(store, 10)
        await until(lambda: equal(store, client))


async def test_an_older_log_gets_a_new_id_and_a_new_stream(
    store: PostgresEventStore, dial: Dial, database: str
) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 10)
        await until(lambda: equal(store, client))
    before = await store.log_id()
    await _forget_behind(database, 4)
    async with relaying(store, client):
        await until(lambda: equal(store, client))
    assert len(await mirrored(client)) == 4
    assert await store.log_id() != before


async def test_an_older_log_that_has_grown_past_the_stream_is_noticed_too(
    store: PostgresEventStore, dial: Dial, database: str
) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 10)
        await until(lambda: equal(store, client))
    before = await store.log_id()
    await _forget_behind(database, 4)
    await append(store, 20)
    async with relaying(store, client):
        await until(lambda: equal(store, client))
    assert await store.log_id() != before


async def test_a_log_replaced_under_a_running_relay_is_noticed_before_anything_is_published(
    store: PostgresEventStore, dial: Dial, database: str
) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 10)
        await until(lambda: equal(store, client))
        before = await store.log_id()
        async with await psycopg.AsyncConnection.connect(database) as connection:
            # In one transaction, so that the relay never sees a log that is shorter than the stream.
            await connection.execute("UPDATE log_events SET event_id = gen_random_uuid() WHERE notification_id > 4")
        await append(store, 5)
        await until(lambda: equal(store, client))
        assert await store.log_id() != before


async def test_the_same_log_keeps_its_id_over_a_restart(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    await append(store, 3)
    before = await store.log_id()
    for _ in range(2):
        async with relaying(store, client):
            await until(lambda: equal(store, client))
    assert await store.log_id() == before


async def test_it_goes_on_after_postgres_dropped_its_connections(
    store: PostgresEventStore, dial: Dial, postgres: PostgresServer
) -> None:
    client = await dial()
    async with relaying(store, client):
        await append(store, 3)
        await until(lambda: equal(store, client))
        async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname LIKE 'test_%'"
            )
        await append(store, 3)
        await until(lambda: equal(store, client))


async def test_a_new_stream_over_a_long_log_starts_with_its_end(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    await append(store, 10)
    async with relaying(store, client, Settings(refill=4)) as relay:
        await until(lambda: _reached(relay.position, 10))
        await asyncio.sleep(0.1)
    assert await mirrored(client) == (await logged(store))[6:]


def test_batches_are_bounded_by_count_and_by_bytes() -> None:
    def row(position: int, size: int) -> LogNotification:
        event = paused(uuid4(), 1)
        return LogNotification(
            originator_id=event.originator_id,
            originator_version=1,
            topic=event.topic,
            state=bytes(size),
            event_id=event.event_id,
            id=position,
        )

    assert [len(batch) for batch in batches([row(n, 10) for n in range(2_001)])] == [1_000, 1_000, 1]
    assert [len(batch) for batch in batches([row(n, 512 << 10) for n in range(20)])] == [8, 8, 4]
    assert batches([]) == []


async def _reached(position: int, wanted: int) -> bool:
    return position >= wanted


async def _forget_behind(database: str, position: int) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("DELETE FROM log_events WHERE notification_id > %s", (position,))
