"""A read model is built anew beside the live one while that is read; it can be paused, aborted, and taken up again."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from adapters.postgres.read_models import phases, reading, watching
from adapters.postgres.read_models.builder import carry_out
from adapters.postgres.read_models.builds import PostgresBuilds
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.pruning import prune
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.read_models.watching import rebuild, see_through, take_builds
from adapters.postgres.store import PostgresEventStore
from domain.errors import CommandReused, NotFound, NotPossible
from ops.bench.histories import history
from projections.open_work import NEVER
from projections.registry import READ_MODELS
from projections.rows import ReadModel, Row
from queries.projections import list_projections
from queries.sessions import list_sessions
from tests.adapters.postgres.read_models.logs import append, project_all, tell

TIMELINE, SESSIONS = READ_MODELS["timeline"], READ_MODELS["sessions"]
ALTER = "UPDATE timeline_v1.timeline SET title = 'altered' WHERE position = 4"
NEXT_FORMS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%_next'"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a build take many batches."""
    monkeypatch.setattr(reading, "BATCH_EVENTS", 10)


@pytest.fixture
async def builds(database: str) -> AsyncIterator[PostgresBuilds]:
    """Open the builds of this test's own database."""
    opened = PostgresBuilds(database)
    yield opened
    await opened.close()


@pytest.fixture
async def live(store: PostgresEventStore, keeper: PostgresReadModels) -> int:
    """Project a log with some sessions in it; return its head."""
    await tell(store, Random(1))
    await project_all(store, keeper)
    return await store.head()


def _execute(database: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _altered(database: str) -> bool:
    return bool(_execute(database, "SELECT 1 FROM timeline_v1.timeline WHERE title = 'altered'"))


async def _stopped(database: str, model: ReadModel, statement: str) -> list[int]:
    """Carry out a build; after its first batch somebody executes a statement. Return the positions it came to."""
    positions: list[int] = []

    def told(position: int, head: int) -> None:
        positions.append(position)
        if len(positions) == 1:
            _execute(database, statement)

    await carry_out(database, model, told)
    return positions


def _state(state: str) -> str:
    return f"UPDATE read_models.builds SET state = '{state}'"


@pytest.mark.parametrize("model", [TIMELINE, SESSIONS], ids=lambda model: model.name)
async def test_a_paused_build_rests_at_the_next_batch_and_goes_on_from_there(
    database: str, live: int, builds: PostgresBuilds, model: ReadModel
) -> None:
    await builds.request(model.name, check=False, by="ada")
    (stood,) = await _stopped(database, model, _state("paused"))
    build = await builds.newest(model.name)
    assert (build.state, build.position, build.head, build.held) == ("paused", stood, live, False)
    await carry_out(database, model)
    assert (await builds.newest(model.name)).position == stood < live
    assert (await builds.resume(model.name)).state == "requested"
    went: list[int] = []
    await carry_out(database, model, lambda position, head: went.append(position))
    build = await builds.newest(model.name)
    assert went[0] > stood and went == sorted(set(went))
    assert (build.state, build.position, build.differences) == ("done", live, 0)


async def test_an_aborted_build_leaves_nothing_behind_and_the_live_form_alone(
    database: str, live: int, builds: PostgresBuilds
) -> None:
    _execute(database, ALTER)
    await builds.request("timeline", check=False, by="ada")
    assert len(await _stopped(database, TIMELINE, _state("aborted"))) == 1
    assert _altered(database) and not _execute(database, NEXT_FORMS)
    assert (await builds.abort("timeline")).state == "aborted"
    for steer in (builds.pause, builds.resume):
        with pytest.raises(NotPossible, match="the last one is aborted"):
            await steer("timeline")


async def test_what_a_killed_builder_left_of_an_aborted_build_is_dropped(
    database: str, live: int, builds: PostgresBuilds
) -> None:
    await builds.request("timeline", check=False, by="ada")
    await _stopped(database, TIMELINE, _state("paused"))
    await builds.abort("timeline")
    assert _execute(database, NEXT_FORMS)
    taking = asyncio.create_task(take_builds(database, READ_MODELS))
    async with asyncio.timeout(60):
        while _execute(database, NEXT_FORMS):  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.05)
    taking.cancel()


async def test_rows_that_differ_are_reported_and_put_right(database: str, live: int) -> None:
    _execute(database, ALTER)
    build = await rebuild(database, TIMELINE)
    assert build.differences == 2 and any("altered" in row for row in build.examples)
    assert not _altered(database)


async def test_a_check_puts_nothing_in_place(database: str, live: int) -> None:
    _execute(database, ALTER)
    build = await rebuild(database, TIMELINE, check=True)
    assert (build.state, build.differences, build.checking) == ("done", 2, True)
    assert _altered(database) and not _execute(database, NEXT_FORMS)


async def test_the_live_form_is_waited_for_where_it_is_behind(
    database: str, live: int, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await tell(store, Random(2), sessions=1)
    building = asyncio.create_task(rebuild(database, TIMELINE, check=True))
    reads = PostgresReadStore(database)
    async with asyncio.timeout(60):
        while "comparing" not in {each.build.state for each in await list_projections(reads) if each.build}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await reads.close()
    await project_all(store, keeper)
    build = await building
    assert (build.position, build.differences, build.remark) == (await store.head(), 0, "")


async def test_what_cannot_be_compared_says_why(
    database: str, live: int, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "STILL_SECONDS", 0.2)
    await tell(store, Random(2), sessions=1)
    build = await rebuild(database, TIMELINE, check=True)
    assert build.differences is None and f"stands still at position {live}" in build.remark
    await store.renew_log_id()
    build = await rebuild(database, TIMELINE)
    assert build.differences is None and "not built from this log" in build.remark
    assert (await rebuild(database, TIMELINE)).differences == 0


async def test_a_build_of_a_log_that_was_replaced_begins_anew(
    database: str, live: int, store: PostgresEventStore, builds: PostgresBuilds
) -> None:
    await builds.request("timeline", check=False, by="ada")
    positions = await _stopped(database, TIMELINE, "UPDATE log_identity SET log_id = gen_random_uuid()")
    assert positions.count(positions[0]) == 2
    assert (await builds.newest("timeline")).state == "done"


async def test_a_running_build_is_not_begun_twice(database: str, live: int, builds: PostgresBuilds) -> None:
    await builds.request("timeline", check=False, by="ada")
    with pytest.raises(NotPossible, match=r"being rebuilt already \(requested.*abort it first"):
        await builds.request("timeline", check=True, by="bob")
    await builds.pause("timeline")
    with pytest.raises(NotPossible, match=r"paused.*resume it, or abort it first"):
        await builds.request("timeline", check=False, by="bob")


async def test_one_process_at_a_time_is_at_a_build(database: str, live: int, builds: PostgresBuilds) -> None:
    await builds.request("timeline", check=False, by="ada")
    lock = "SELECT pg_advisory_lock(1380995668, hashtext('timeline_v1'))"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as another:
        await another.execute(lock)
        assert not await carry_out(database, TIMELINE)
        _execute(database, _state("building"))
        assert (await builds.newest("timeline")).held
        with pytest.raises(NotPossible, match="goes on already"):
            await builds.resume("timeline")
        with pytest.raises(NotPossible, match="wait until that has ended"):
            await builds.request("timeline", check=False, by="bob")
        await another.execute("SELECT pg_advisory_unlock_all()")
    with pytest.raises(NotPossible, match="its process has ended: resume it"):
        await builds.request("timeline", check=False, by="bob")
    assert await carry_out(database, TIMELINE)


async def test_a_request_that_is_repeated_asks_once(database: str, live: int, builds: PostgresBuilds) -> None:
    first = await builds.request("timeline", check=False, by="ada", key="k")
    assert (await builds.request("timeline", check=False, by="ada", key="k")).id == first.id
    with pytest.raises(CommandReused):
        await builds.request("timeline", check=True, by="ada", key="k")
    with pytest.raises(CommandReused):
        await builds.request("sessions", check=False, by="ada", key="k")


async def test_an_unknown_read_model_is_answered_with_those_there_are(builds: PostgresBuilds) -> None:
    for ask in (builds.newest, builds.pause, builds.resume, builds.abort):
        with pytest.raises(NotFound, match=r"Expected a read model out of sessions, .*but got 'weather'"):
            await ask("weather")
    with pytest.raises(NotFound, match="none was ever asked for"):
        await builds.pause("timeline")


async def test_a_projector_takes_what_is_asked_for_and_what_another_left(
    database: str, live: int, builds: PostgresBuilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    for name in ("timeline", "sessions"):
        await builds.request(name, check=False, by="ada")
    _execute(database, "UPDATE read_models.builds SET state = 'building' WHERE name = 'sessions'")
    taking = asyncio.create_task(take_builds(database, READ_MODELS))
    for model in (TIMELINE, SESSIONS):
        assert (await see_through(database, model, builds, grace=30)).state == "done"
    taking.cancel()


async def test_a_reader_that_holds_the_live_form_keeps_nobody_waiting_behind_it(
    database: str, live: int, builds: PostgresBuilds
) -> None:
    reads = PostgresReadStore(database)
    async with await psycopg.AsyncConnection.connect(database) as slow:
        await slow.execute("SELECT FROM sessions_v4.sessions")
        await builds.request("sessions", check=False, by="ada")
        building = asyncio.create_task(carry_out(database, SESSIONS))
        longest = 0.0
        for _ in range(60):
            began = asyncio.get_running_loop().time()
            assert await list_sessions(reads, "local")
            longest = max(longest, asyncio.get_running_loop().time() - began)
            await asyncio.sleep(0.02)
        assert not building.done() and longest < 5.0
    assert await building
    assert (await builds.newest("sessions")).state == "done" and await list_sessions(reads, "local")
    await reads.close()


async def test_the_next_form_wakes_nobody(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels, builds: PostgresBuilds
) -> None:
    begun = islice(history(Random(1), session := uuid4(), steps=2), 3)
    versions: dict[UUID, int] = {}
    for events in begun:
        await append(store, session, versions, events)
    await tell(store, Random(1))
    open_work, model = PostgresOpenWork(database), READ_MODELS["open_work"]
    await keeper.reset(model, await store.log_id())
    await builds.request(model.name, check=False, by="ada")
    await _stopped(database, model, _state("paused"))
    assert _execute(database, "SELECT 1 FROM open_work_v1_next.open_work")
    assert await open_work.due(NEVER, 100) == []
    await builds.resume(model.name)
    await carry_out(database, model)
    assert await open_work.due(NEVER, 100)
    await open_work.close()


def _broken(*_: object) -> Iterable[Row]:
    raise SystemError("out of order")


async def test_a_build_that_cannot_be_made_says_why_and_leaves_nothing_behind(
    database: str, live: int, builds: PostgresBuilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    await builds.request("sessions", check=False, by="ada")
    monkeypatch.setattr("adapters.postgres.read_models.filling.write_part", _broken)
    assert await carry_out(database, SESSIONS)
    build = await builds.newest("sessions")
    assert (build.state, build.error) == ("failed", "SystemError('out of order')")
    assert not _execute(database, NEXT_FORMS)


async def test_old_versions_are_dropped_only_when_that_is_asked_for(
    database: str, live: int, keeper: PostgresReadModels, store: PostgresEventStore
) -> None:
    newer = {**READ_MODELS, "timeline": replace(TIMELINE, version=2)}
    await keeper.reset(newer["timeline"], await store.log_id())
    reads = PostgresReadStore(database, newer)
    found = [(each.name, each.version, each.ours) for each in await list_projections(reads, every=True)]
    assert ("timeline", 1, False) in found and ("timeline", 2, True) in found
    assert [each.version for each in await list_projections(reads) if each.name == "timeline"] == [2]
    assert await prune(database, READ_MODELS) == []  # older code leaves newer versions alone
    assert await prune(database, newer) == ["timeline_v1"]
    assert [each.version for each in await list_projections(reads, every=True) if each.name == "timeline"] == [2]
    await reads.close()
