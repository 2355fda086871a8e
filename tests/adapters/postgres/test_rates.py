"""No minute sees more calls than a limit says, however many workers make them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest

from adapters.postgres.store import PostgresEventStore

LONG = timedelta(hours=1)


@pytest.fixture
async def other(database: str) -> AsyncIterator[PostgresEventStore]:
    """Yield the store of another worker."""
    store = await PostgresEventStore.open(database)
    yield store
    await store.close()


async def slots(stores: list[PostgresEventStore], limits: Mapping[str, int], calls: int) -> list[float]:
    """Let calls ask at about the same time, and return when each may be sent, in seconds from now."""
    clock = asyncio.get_running_loop().time
    begun = clock()

    async def ask(number: int) -> float:
        wait = await stores[number % len(stores)].rates.wait("local", f"call-{number}", limits, LONG)
        return clock() - begun + wait.total_seconds()

    return sorted(await asyncio.gather(*(ask(number) for number in range(calls))))


@pytest.mark.parametrize("limit", [1, 2, 7, 60, 600])
async def test_no_minute_sees_more_calls_than_the_limit(
    store: PostgresEventStore, other: PostgresEventStore, limit: int
) -> None:
    found = await slots([store, other], {"api": limit}, min(3 * limit, 200))
    for first, beyond in zip(found, found[limit:], strict=False):
        assert beyond - first >= 60


async def test_a_fifth_of_the_limit_may_come_at_once(store: PostgresEventStore) -> None:
    waits = [await store.rates.wait("local", f"call-{number}", {"api": 10}, LONG) for number in range(4)]
    assert waits[0] == waits[1] == timedelta(0) < waits[2] < waits[3]


async def test_of_two_limits_both_hold(store: PostgresEventStore) -> None:
    one = await slots([store], {"api": 5, "api GET /look": 2}, 4)
    assert one[1] >= 30 and one[3] >= 90
    # The API's other tools wait for those that came before.
    assert await store.rates.wait("local", "other", {"api": 5}, LONG) > timedelta(seconds=60)


async def test_a_call_keeps_its_turn_while_it_waits(store: PostgresEventStore) -> None:
    await store.rates.wait("local", "first", {"api": 1}, LONG)
    asked = [await store.rates.wait("local", "second", {"api": 1}, LONG) for _ in range(3)]
    assert timedelta(seconds=60) < asked[2] <= asked[1] <= asked[0] <= timedelta(seconds=65)
    assert await store.rates.wait("local", "third", {"api": 1}, LONG) > timedelta(seconds=120)


async def test_a_call_that_cannot_wait_so_long_takes_nobodys_turn(store: PostgresEventStore) -> None:
    await store.rates.wait("local", "first", {"api": 1}, LONG)
    hasty = timedelta(seconds=10)
    assert await store.rates.wait("local", "hasty", {"api": 1}, hasty) > hasty
    assert await store.rates.wait("local", "second", {"api": 1}, LONG) < timedelta(seconds=66)


async def test_tenants_do_not_wait_for_each_other(store: PostgresEventStore) -> None:
    await store.rates.wait("local", "first", {"api": 1}, LONG)
    assert await store.rates.wait("other", "first", {"api": 1}, LONG) == timedelta(0)
