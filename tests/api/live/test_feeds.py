"""A reader of a feed gets every event once and in order, wherever it begins, and costs no more than its bounds."""

import asyncio
import random
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from adapters.postgres.follower import LogFollower
from adapters.postgres.history import PostgresHistory
from adapters.postgres.store import PostgresEventStore
from api.live import feeds as feeding
from api.live.feeds import Batch, Feeds, Resync
from api.live.queue import Limits, Queue
from commands.ports import LogEvent
from domain.errors import Invalid, Unavailable, WrongLog
from projections.ports import Recorded
from tests.adapters.nats.logs import paused
from tests.beside import running_beside


@pytest.fixture
async def history(database: str) -> AsyncIterator[PostgresHistory]:
    """Read the past of this test's own log."""
    opened = PostgresHistory(database)
    yield opened
    await opened.close()


@pytest.fixture
async def feeds(store: PostgresEventStore, history: PostgresHistory) -> AsyncIterator[Feeds]:
    """Hand out what is recorded."""
    opened = Feeds(LogFollower(store), history)
    async with running_beside(opened.run()):
        yield opened


def events(stream: UUID, first: int, last: int) -> list[LogEvent]:
    """Return a session's events from one version to another."""
    return [paused(stream, version) for version in range(first, last + 1)]


async def read(feed: AsyncGenerator[Batch], last: int, *, pause: float = 0.0) -> list[int]:
    """Read until a position has come or the feed says to come back, and return the positions."""
    positions: list[int] = []
    async with asyncio.timeout(60), aclosing(feed):
        async for batch in feed:
            if isinstance(batch, Resync):
                assert batch.after == (positions[-1] if positions else batch.after)
                break
            positions += [each.position for each in batch]
            if positions and positions[-1] >= last:
                break
            await asyncio.sleep(pause)
    return positions


async def handed_out(feeds: Feeds, position: int) -> None:
    """Wait until a position was handed out."""
    async with asyncio.timeout(60), aclosing(feeds.session(uuid4(), 0)) as feed:
        while feeds._position < position:
            await anext(feed)


async def test_readers_that_come_and_go_during_appends_get_everything_once(
    store: PostgresEventStore, feeds: Feeds
) -> None:
    mine, others, chance = uuid4(), uuid4(), random.Random(7)
    expected: list[int] = []

    async def append() -> None:
        for version in range(1, 201):
            expected.append(await store.append([paused(mine, version)]))
            await store.append([paused(others, version)])

    async def come_and_go() -> list[int]:
        got = [0]
        while got[-1] < 399:
            got += await read(feeds.session(mine, got[-1]), min(got[-1] + chance.randint(1, 40), 399))
        return got[1:]

    async with asyncio.timeout(60):
        _, *readers = await asyncio.gather(append(), *(come_and_go() for _ in range(5)))
    assert all(got == expected for got in readers)


async def test_a_reader_gets_what_was_recorded_as_it_is_stored(store: PostgresEventStore, feeds: Feeds) -> None:
    mine = uuid4()
    await store.append(events(mine, 1, 2))
    async with asyncio.timeout(60), aclosing(feeds.session(mine, 0)) as feed:
        past = await anext(feed)
        await store.append(events(mine, 3, 3))
        live: Batch = ()
        while not live:
            live = await anext(feed)
    assert not isinstance(past, Resync) and not isinstance(live, Resync)
    rows = await store.read_stream(mine)
    assert [(each.position, each.version, each.topic, each.state) for each in (*past, *live)] == [
        (row.id, row.originator_version, row.topic, row.state) for row in rows
    ]


async def test_a_tenant_sees_its_sessions_and_nothing_else(store: PostgresEventStore, feeds: Feeds) -> None:
    ours, theirs, agent = uuid4(), uuid4(), uuid4()
    told = [
        *(replace(each, tenant="acme") for each in events(ours, 1, 3)),
        *events(theirs, 1, 3),
        replace(paused(agent, 1), tenant="acme", topic="agent.registered.v1"),
    ]
    await store.append(told)
    reading = asyncio.create_task(read(feeds.tenant("acme", 1), 10))
    await store.append([replace(each, tenant="acme") for each in events(ours, 4, 6)])
    assert await reading == [2, 3, 8, 9, 10]


async def test_a_reader_far_behind_reads_in_pages_and_holds_no_queue(
    store: PostgresEventStore, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "PAGE_EVENTS", 10)
    monkeypatch.setattr(feeding, "WINDOW_POSITIONS", 10)
    mine = uuid4()
    await handed_out(feeds, await store.append(events(mine, 1, 95)))
    for feed in (feeds.session(mine, 0), feeds.tenant("local", 0)):
        async with aclosing(feed):
            first = await anext(feed)
            assert isinstance(first, Sequence) and len(first) == 10
            assert not feeds._queues
            assert await read(feed, 95) == list(range(11, 96))


async def test_a_page_of_large_events_is_cut_by_bytes(
    store: PostgresEventStore, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = uuid4()
    large = events(mine, 1, 12)
    monkeypatch.setattr(feeding, "PAGE_BYTES", 3 * len(large[0].state))
    await handed_out(feeds, await store.append(large))
    for feed in (feeds.session(mine, 0), feeds.tenant("local", 0)):
        async with aclosing(feed):
            first = await anext(feed)
            assert isinstance(first, Sequence) and len(first) == 3
            assert await read(feed, 12) == list(range(4, 13))


async def test_a_reader_that_keeps_up_holds_nothing_of_the_past(store: PostgresEventStore, feeds: Feeds) -> None:
    mine = uuid4()
    await store.append(events(mine, 1, 3))
    async with asyncio.timeout(60), aclosing(feeds.session(mine, 0)) as feed:
        past = await anext(feed)
        assert await anext(feed) == []
        assert sys.getrefcount(past) == 2, "this name and the question alone"


async def test_a_slow_reader_is_told_from_where_to_come_back(
    store: PostgresEventStore, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "SESSION_LIMITS", Limits(events=5, bytes=1 << 20))
    mine, got = uuid4(), list[int]()
    await store.append(events(mine, 1, 1))
    async with asyncio.timeout(60), aclosing(feeds.session(mine, 0)) as feed:
        await anext(feed)
        await store.append(events(mine, 2, 30))
        while not isinstance(item := await anext(feed), Resync):
            got += [each.position for each in item]
        with pytest.raises(StopAsyncIteration):
            await anext(feed)
        after = item.after
    assert got + await read(feeds.session(mine, after), 30) == list(range(2, 31))


def recorded(position: int, size: int) -> Recorded:
    """Return an event of a size."""
    return Recorded(
        position=position,
        stream=UUID(int=1),
        version=position,
        topic="session.paused.v1",
        tenant="local",
        event_id=UUID(int=position),
        state=bytes(size),
    )


async def test_a_queue_is_bounded_by_count_and_bytes_and_then_holds_nothing() -> None:
    for limits, size in ((Limits(events=3, bytes=1 << 20), 1), (Limits(events=100, bytes=30), 10)):
        queue = Queue(0, limits)
        for position in range(1, 4):
            queue.put(recorded(position, size))
        assert len(queue._events) == 3
        queue.put(recorded(4, size))
        queue.put(recorded(5, size))
        assert (queue.overflowed, queue._events) == (True, [])
    alone = Queue(0, Limits(events=3, bytes=10))
    alone.put(recorded(1, 500))
    assert [each.position for each in await alone.take(0, 1.0) or ()] == [1]


async def test_time_is_marked_where_nothing_happens(feeds: Feeds) -> None:
    async with asyncio.timeout(60), aclosing(feeds.session(uuid4(), 0)) as feed:
        assert [list(await anext(feed)) for _ in range(2)] == [[], []]  # type: ignore[arg-type]


async def test_a_reader_that_leaves_leaves_nothing_behind(store: PostgresEventStore, feeds: Feeds) -> None:
    mine = uuid4()
    await store.append(events(mine, 1, 1))
    assert await read(feeds.session(mine, 0), 1) == [1]
    assert not feeds._queues


async def test_a_position_beyond_the_end_is_refused_with_the_end(store: PostgresEventStore, feeds: Feeds) -> None:
    head = await store.append(events(uuid4(), 1, 3))
    for feed in (feeds.session(uuid4(), head + 1), feeds.tenant("local", head + 1)):
        with pytest.raises(Invalid, match=f"up to {head}, where the log is now, but got {head + 1}"):
            await anext(feed)


async def test_a_position_of_another_log_is_refused(store: PostgresEventStore, feeds: Feeds) -> None:
    with pytest.raises(WrongLog, match="another was replaced by"):
        await anext(feeds.session(uuid4(), 0, log_id="another"))


async def test_a_replaced_log_ends_every_reader(store: PostgresEventStore, history: PostgresHistory) -> None:
    follower = Replaced(store)
    feeds = Feeds(follower, history)
    mine = uuid4()
    async with running_beside(feeds.run()), asyncio.timeout(60), aclosing(feeds.session(mine, 0)) as feed:
        await anext(feed)
        follower.replaced.set()
        with pytest.raises(WrongLog, match="another log"):
            while True:
                await anext(feed)
        head = await store.append([paused(mine, 1)])
        assert await read(feeds.session(mine, 0), head) == [head]


class Replaced(LogFollower):
    """Tell once, when told to, that the log was replaced."""

    def __init__(self, store: PostgresEventStore):
        super().__init__(store)
        self.replaced = asyncio.Event()

    async def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Wait, then raise WrongLog; follow the next time."""
        if self.replaced.is_set():
            async for batch in super().follow(after):
                yield batch
        yield ()
        await self.replaced.wait()
        raise WrongLog("another log")


async def test_a_reader_that_comes_during_an_interruption_misses_nothing(
    store: PostgresEventStore, database: str
) -> None:
    follower, history, mine = Interrupted(store), Held(database), uuid4()
    feeds = Feeds(follower, history)
    async with running_beside(feeds.run()), asyncio.timeout(60):
        await read(feeds.session(mine, 0), await store.append([paused(mine, 1)]))
        history.hold()
        reading = asyncio.create_task(read(feeds.session(mine, 1), 2))
        await history.asked_for_id.wait()
        follower.interrupted.set()
        await history.asked_for_head.wait()
        history.id_held.set()  # the reader would join now, though nobody hands out what comes next
        await asyncio.sleep(0.1)
        await store.append([paused(mine, 2)])
        history.head_held.set()
        assert await reading == [2]
    await history.close()


class Interrupted(LogFollower):
    """Be interrupted once, when told to."""

    def __init__(self, store: PostgresEventStore):
        super().__init__(store)
        self.interrupted = asyncio.Event()

    async def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Yield batches, then raise Unavailable."""
        async with aclosing(super().follow(after)) as following:
            async for batch in following:
                yield batch
                if self.interrupted.is_set():
                    self.interrupted.clear()
                    raise Unavailable("Expected Postgres to answer.")


class Held(PostgresHistory):
    """Keep whoever asks waiting, when told to: first for the log's id, then for its end."""

    def __init__(self, url: str):
        super().__init__(url)
        self.asked_for_id, self.asked_for_head = asyncio.Event(), asyncio.Event()
        self.id_held, self.head_held = asyncio.Event(), asyncio.Event()
        self.id_held.set()
        self.head_held.set()

    def hold(self) -> None:
        """Keep who asks from now on waiting."""
        self.asked_for_head.clear()
        self.asked_for_id.clear()
        self.id_held.clear()
        self.head_held.clear()

    async def log_id(self) -> str:
        """Return the log's id."""
        self.asked_for_id.set()
        await self.id_held.wait()
        return await super().log_id()

    async def head(self) -> int:
        """Return the position of the last event."""
        self.asked_for_head.set()
        await self.head_held.wait()
        return await super().head()


async def test_whatever_ends_the_feeds_is_heard_by_every_reader(
    store: PostgresEventStore, history: PostgresHistory
) -> None:
    feeds = Feeds(LogFollower(store), history)
    async with running_beside(feeds.run()):
        feed = feeds.session(uuid4(), 0)
        await anext(feed)
    with pytest.raises(Unavailable, match="connect again"):
        await anext(feed)


class Away:
    """Be a Postgres that cannot be reached."""

    async def head(self) -> int:
        """Raise Unavailable."""
        raise Unavailable("Expected Postgres to answer.")


async def test_where_postgres_is_away_readers_are_told_so(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "READY_SECONDS", 0.2)
    feeds = Feeds(LogFollower(store), Away())  # type: ignore[arg-type]
    async with running_beside(feeds.run()):
        with pytest.raises(Unavailable, match="cannot be reached now"):
            await anext(feeds.session(uuid4(), 0))


async def test_an_event_reaches_only_the_readers_of_its_session(
    store: PostgresEventStore, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts: list[UUID] = []
    put = Queue.put

    def counted(queue: Queue, event: Recorded) -> None:
        puts.append(event.stream)
        put(queue, event)

    monkeypatch.setattr(Queue, "put", counted)
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        sessions = [uuid4() for _ in range(50)]
        readers = [await stack.enter_async_context(aclosing(feeds.session(each, 0))) for each in sessions]
        for reader in readers:
            await anext(reader)
        await store.append([paused(sessions[3], 1)])
        while not await anext(readers[3]):
            continue
    assert puts == [sessions[3]]
