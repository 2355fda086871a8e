"""An append is all or nothing, exact about versions, and at a dense position in commit order."""

import asyncio
from uuid import uuid4

import pytest

from adapters.postgres import queue
from adapters.postgres.store import PostgresEventStore
from domain.errors import Conflict, Invalid, TooLarge, Unavailable
from tests.adapters.postgres.events import command, event, run, whole_log


async def test_appends_answer_the_position_of_their_last_event(store: PostgresEventStore) -> None:
    stream = uuid4()
    assert await store.append(run(stream, 1, 3)) == 3
    assert await store.append([event(stream, 4)]) == 4
    assert await store.append([]) == 4
    assert [row.originator_version for row in await store.read_stream(stream, after=2)] == [3, 4]


async def test_what_was_appended_is_read_back_byte_for_byte(store: PostgresEventStore) -> None:
    sent = command(uuid4(), 1, "c")
    await store.append([sent])
    (row,) = await store.read_stream(sent.originator_id)  # type: ignore[arg-type]
    assert {name: getattr(row, name) for name in vars(sent)} == vars(sent)


async def test_a_stream_that_moved_on_is_a_conflict(store: PostgresEventStore) -> None:
    stream = uuid4()
    await store.append(run(stream, 1, 2))
    with pytest.raises(Conflict, match=r"right before version 2, but its head is 2"):
        await store.append([event(stream, 2)])


@pytest.mark.parametrize("first", [2, 3, 7])
async def test_a_gap_behind_the_head_is_a_conflict(store: PostgresEventStore, first: int) -> None:
    with pytest.raises(Conflict, match="head is 0"):
        await store.append([event(uuid4(), first)])
    assert await store.head() == 0


async def test_a_gap_within_an_append_is_a_conflict(store: PostgresEventStore) -> None:
    stream = uuid4()
    for versions in ([1, 3], [1, 1], [2, 1]):
        with pytest.raises(Conflict, match="consecutively"):
            await store.append([event(stream, version) for version in versions])
    assert await store.head() == 0


async def test_a_stream_may_begin_at_version_0(store: PostgresEventStore) -> None:
    stream = uuid4()
    assert await store.append([event(stream, 0)]) == 1
    assert await store.append([event(stream, 1)]) == 2


async def test_an_append_over_several_streams_is_all_or_nothing(store: PostgresEventStore) -> None:
    budget, session = uuid4(), uuid4()
    await store.append([event(budget, 1), event(session, 1)])
    with pytest.raises(Conflict, match=str(budget)):
        await store.append([event(session, 2), event(budget, 1)])
    assert await store.append([event(session, 2), event(budget, 2)]) == 4


async def test_streams_may_alternate_within_an_append(store: PostgresEventStore) -> None:
    a, b = uuid4(), uuid4()
    await store.append([event(a, 1), event(b, 1), event(a, 2), event(b, 2)])
    assert [row.id for row in await store.read_stream(a)] == [1, 3]


async def test_one_duplicate_command_does_not_abort_its_neighbours(store: PostgresEventStore) -> None:
    await store.append([command(uuid4(), 1, "seen")])
    answers = await asyncio.gather(
        *[store.append([event(uuid4(), 1)]) for _ in range(20)],
        store.append([command(uuid4(), 1, "seen")]),
        store.append([event(uuid4(), 9)]),
        *[store.append([event(uuid4(), 1)]) for _ in range(20)],
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers].count(Conflict) == 2
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(2, 42))


async def test_the_same_command_twice_at_once_is_recorded_once(store: PostgresEventStore) -> None:
    appends = [store.append([command(uuid4(), 1, "once")]) for _ in range(5)]
    answers = await asyncio.gather(*appends, return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, Conflict, Conflict, Conflict, Conflict]


async def test_a_command_id_belongs_to_its_tenant(store: PostgresEventStore) -> None:
    await store.append([command(uuid4(), 1, "c", tenant="a")])
    assert await store.append([command(uuid4(), 1, "c", tenant="b")]) == 2


async def test_appends_to_one_stream_in_one_flush_keep_their_order(store: PostgresEventStore) -> None:
    stream = uuid4()
    appends = [store.append(run(stream, first, 2)) for first in range(1, 41, 2)]
    assert await asyncio.gather(*appends) == list(range(2, 42, 2))


async def test_of_rival_appends_to_one_version_exactly_one_wins(store: PostgresEventStore) -> None:
    stream = uuid4()
    answers = await asyncio.gather(*[store.append([event(stream, 1)]) for _ in range(30)], return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Conflict)] == [1]


async def test_an_event_may_have_half_a_mebibyte_and_not_a_byte_more(store: PostgresEventStore) -> None:
    stream = uuid4()
    await store.append(run(stream, 1, 20, b"x" * (512 << 10)))
    with pytest.raises(TooLarge, match="524288 bytes"):
        await store.append([event(stream, 21, b"x" * ((512 << 10) + 1))])
    assert await store.head() == 20


async def test_an_append_that_postgres_cannot_store_harms_no_other(store: PostgresEventStore) -> None:
    appends = [store.append([event(uuid4(), 1)]) for _ in range(10)]
    nul = store.append([event(uuid4(), 1, topic="session.\x00.v1")])
    surrogate = store.append([event(uuid4(), 1, topic="session.\ud800.v1")])
    answers = await asyncio.gather(*appends, nul, surrogate, return_exceptions=True)
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 11))
    assert [type(answer) for answer in answers[-2:]] == [Invalid, Invalid]


async def test_a_cancelled_caller_disturbs_no_other_append(store: PostgresEventStore) -> None:
    tasks = [asyncio.create_task(store.append([event(uuid4(), 1)])) for _ in range(300)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    acknowledged = [answer for answer in answers if isinstance(answer, int)]
    assert len(acknowledged) == len(set(acknowledged)) == 200
    assert {row.id for row in await whole_log(store)} >= set(acknowledged)


async def test_a_full_queue_makes_callers_wait_and_loses_none(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "QUEUE_EVENTS", 50)
    monkeypatch.setattr(queue, "FLUSH_EVENTS", 20)
    appends = [store.append(run(uuid4(), 1, 3)) for _ in range(200)]
    assert sorted(await asyncio.gather(*appends)) == list(range(3, 601, 3))


async def test_an_append_larger_than_the_queue_is_taken(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "QUEUE_EVENTS", 50)
    assert await store.append(run(uuid4(), 1, 5_000)) == 5_000


async def test_a_closed_store_takes_nothing(database: str) -> None:
    store = await PostgresEventStore.open(database)
    await store.close()
    with pytest.raises(Unavailable, match="closed; nothing was written"):
        await store.append([event(uuid4(), 1)])


async def test_closing_answers_every_caller(database: str) -> None:
    store = await PostgresEventStore.open(database)
    tasks = [asyncio.create_task(store.append([event(uuid4(), 1)])) for _ in range(3_000)]
    await asyncio.sleep(0.01)
    await store.close()
    answers = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
    assert {type(answer) for answer in answers} <= {int, Unavailable}
