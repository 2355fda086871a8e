"""A reader gets every event once and in order, whether over NATS, over Postgres, or over one after the other."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import cast
from uuid import UUID

import pytest
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.nats.follow import Tail
from adapters.nats.newest import MOST_BYTES, MOST_EVENTS, Newest
from adapters.postgres.store import PostgresEventStore
from domain.errors import Unavailable, WrongLog
from projections.ports import Recorded
from tests.adapters.nats.logs import append, relaying, until

Dial = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def tailing(store: PostgresEventStore, client: Client) -> AsyncIterator[Tail]:
    """Run a tail for the duration of a block."""
    tail = Tail(store, client)
    running = asyncio.create_task(tail.run())
    try:
        yield tail
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def take(tail: Tail, after: int, last: int) -> list[int]:
    """Follow from a position until a last one, and return the positions that came."""
    positions: list[int] = []
    async with asyncio.timeout(60), aclosing(tail.follow(after)) as batches:
        async for batch in batches:
            positions += [event.position for event in batch]
            if positions and positions[-1] >= last:
                break
    return positions


async def test_old_events_come_from_the_log_and_new_ones_over_the_stream(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    await append(store, 20)
    async with relaying(store, client), tailing(store, client) as tail:
        taking = asyncio.create_task(take(tail, 0, 120))
        for _ in range(10):
            await append(store, 10)
            await asyncio.sleep(0.02)
        assert await taking == list(range(1, 121))
        await until(lambda: _joined(tail, store))


async def test_the_read_events_are_those_of_the_log(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    async with relaying(store, client), tailing(store, client) as tail:
        await append(store, 1)
        await until(lambda: _joined(tail, store))
        head = await append(store, 1)
        events: list[Recorded] = []
        async with asyncio.timeout(60), aclosing(tail.follow(0)) as batches:
            async for batch in batches:
                events += batch
                if len(events) >= head:
                    break
    rows = await store.read_log(0, 10_000)
    assert [(event.event_id, event.version, event.state, event.stream) for event in events] == [
        (row.event_id, row.originator_version, row.state, row.originator_id) for row in rows
    ]


async def _joined(tail: Tail, store: PostgresEventStore) -> bool:
    await append(store, 1)
    return tail._newest.from_stream > 0


async def test_without_a_relay_events_still_come(store: PostgresEventStore, dial: Dial) -> None:
    async with tailing(store, await dial()) as tail:
        await append(store, 5)
        assert await take(tail, 2, 5) == [3, 4, 5]


async def test_a_killed_nats_and_a_lost_store_lose_and_repeat_nothing(
    store: PostgresEventStore, dial: Dial, fresh_nats: NatsServer
) -> None:
    async with relaying(store, await dial()), tailing(store, await dial()) as tail:
        await append(store, 10)
        taking = asyncio.create_task(take(tail, 0, 50))
        await until(lambda: _joined(tail, store))
        os.kill(fresh_nats.pid, signal.SIGKILL)
        shutil.rmtree(fresh_nats.home / "jetstream")
        await append(store, 10)
        await fresh_nats.restart()
        for _ in range(40):
            await append(store, 1)
        assert (await taking)[:50] == list(range(1, 51))
        before = tail._newest.from_stream
        await until(lambda: _streams_again(tail, store, before))


async def _streams_again(tail: Tail, store: PostgresEventStore, before: int) -> bool:
    await append(store, 1)
    return tail._newest.from_stream > before


async def test_another_log_is_noticed_by_every_reader(store: PostgresEventStore, dial: Dial) -> None:
    async with tailing(store, await dial()) as tail:
        await append(store, 3)
        assert await take(tail, 0, 3) == [1, 2, 3]
        taking = asyncio.create_task(take(tail, 3, 4))
        await asyncio.sleep(0.05)
        await store.renew_log_id()
        with pytest.raises(WrongLog, match="was replaced by"):
            await taking


class Away:
    """Be a log that cannot be reached."""

    async def log_id(self) -> str:
        """Raise Unavailable."""
        raise Unavailable("Expected Postgres to answer.")


async def test_a_log_that_is_away_is_not_blamed_on_nats(dial: Dial, caplog: pytest.LogCaptureFixture) -> None:
    async with tailing(cast(PostgresEventStore, Away()), await dial()):
        await until(lambda: _warned(caplog))
    assert "The log cannot be followed now" in caplog.text and "NATS" not in caplog.text


async def _warned(caplog: pytest.LogCaptureFixture) -> bool:
    return len(caplog.records) > 1


def test_memory_is_bounded_by_count_and_by_bytes() -> None:
    newest = Newest()
    for position in range(1, 5 * MOST_EVENTS):
        newest.add([_event(position, 10)])
    assert len(newest._events) <= 2 * MOST_EVENTS
    assert newest.behind(0) is None
    events = newest.behind(newest.end - 3)
    assert events and [event.position for event in events] == [newest.end - 2, newest.end - 1, newest.end]
    for position in range(newest.end + 1, newest.end + 400):
        newest.add([_event(position, 512 << 10)])
    assert newest._bytes <= 2 * MOST_BYTES


def _event(position: int, size: int) -> Recorded:
    return Recorded(
        position=position,
        stream=UUID(int=1),
        version=position,
        topic="session.paused.v1",
        tenant="local",
        event_id=UUID(int=position),
        state=bytes(size),
    )


async def test_a_reader_of_the_stream_stops_when_told_to_once(store: PostgresEventStore, dial: Dial) -> None:
    client = await dial()
    async with relaying(store, client), asyncio.timeout(300):
        await append(store, 1)
        for number in range(40):
            async with tailing(store, client):
                await append(store, 30)
                await asyncio.sleep(number * 0.002)
