"""Many writers in several stores at once: dense, ordered, exact, and nothing acknowledged is lost."""

import asyncio
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from domain.errors import Conflict
from tests.adapters.postgres.events import event, whole_log

STORES = 3


async def _rivals(url: str, seed: int, writers: int, streams: int) -> None:
    """Let writers append to shared streams, one to three at once; each knows only what it read."""
    random = Random(seed)
    stores = [await PostgresEventStore.open(url) for _ in range(STORES)]
    shared = [uuid4() for _ in range(streams)]
    acknowledged: dict[UUID, LogEvent] = {}

    async def write(store: PostgresEventStore) -> None:
        for _ in range(8):
            chosen = random.sample(shared, random.randint(1, min(3, streams)))
            unit = await _next_events(store, chosen, random)
            try:
                await store.append(unit)
            except Conflict:
                continue
            acknowledged.update({sent.event_id: sent for sent in unit})

    await asyncio.gather(*[write(stores[number % STORES]) for number in range(writers)])
    rows = await whole_log(stores[0])
    assert {row.event_id for row in rows} == acknowledged.keys()
    assert all(row.state == acknowledged[row.event_id].state for row in rows)
    _assert_units_stand_together([row.state for row in rows])
    for store in stores:
        await store.close()


async def _next_events(store: PostgresEventStore, streams: list[UUID], random: Random) -> list[LogEvent]:
    unit = uuid4().hex.encode()
    events = []
    for stream in streams:
        rows = await store.read_stream(stream)
        head = rows[-1].originator_version if rows else 0
        events += [event(stream, head + 1 + place, unit) for place in range(random.randint(1, 4))]
    return events


def _assert_units_stand_together(states: list[bytes]) -> None:
    changes = sum(a != b for a, b in pairwise(states))
    assert changes == len(set(states)) - 1


async def test_rival_writers_leave_a_dense_ordered_log(database: str) -> None:
    await _rivals(database, seed=1, writers=30, streams=10)


async def test_any_rivalry_leaves_a_dense_ordered_log(database: str) -> None:
    loop = asyncio.get_running_loop()
    name = iter(range(1_000))

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, 2**32), st.integers(2, 20), st.integers(1, 8))
    def rivalry(seed: int, writers: int, streams: int) -> None:
        run = _on_a_copy(database, f"rivals_{next(name)}", seed, writers, streams)
        asyncio.run_coroutine_threadsafe(run, loop).result(600)

    await asyncio.to_thread(rivalry)


async def _on_a_copy(url: str, name: str, seed: int, writers: int, streams: int) -> None:
    from psycopg import AsyncConnection
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    template = conninfo_to_dict(url)["dbname"]
    async with await AsyncConnection.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as owner:
        await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            await _rivals(make_conninfo(url, dbname=name), seed, writers, streams)
        finally:
            await owner.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
