"""However the log is cut into batches, and however often it is read, the rows are the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from random import Random
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.watching import rebuild
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from domain.errors import Conflict
from domain.session.outstanding import outstanding
from domain.session.react import fold
from ops.bench.histories import BEGAN, history
from projections.keeping import Part
from projections.open_work import NEVER
from projections.ports import Recorded
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.adapters.postgres.read_models.logs import AtTheEnd, Once, append, project_all, tell

SLOW = settings(max_examples=6, suppress_health_check=list(HealthCheck))


async def tables(database: str) -> dict[str, Counter[str]]:
    """Return every row of every read model as text."""
    found = {}
    async with await psycopg.AsyncConnection.connect(database) as connection:
        for model in READ_MODELS.values():
            for table in model.tables:
                cursor = await connection.execute(
                    f"SELECT t::text FROM {model.name}_v{model.version}.{table} t".encode()
                )
                found[table] = Counter(text for (text,) in await cursor.fetchall())
    return found


@SLOW
@given(seed=st.integers(0, 2**32), size=st.integers(1, 40))
async def test_batches_of_any_size_end_in_the_same_rows(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels, seed: int, size: int
) -> None:
    await tell(store, Random(seed), sessions=2)
    await project_all(store, keeper, size)
    live = await tables(database)
    await asyncio.gather(*[rebuild(database, model) for model in READ_MODELS.values()])
    assert await tables(database) == live
    assert all(live[table] for table in ("sessions", "timeline"))


async def test_projecting_twice_is_projecting_once(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await tell(store, Random(1))
    await project_all(store, keeper)
    once = await tables(database)
    await project_all(store, keeper)
    assert await tables(database) == once


async def test_a_runner_that_is_ended_in_the_middle_of_a_batch_says_nothing_and_loses_nothing(
    database: str, store: PostgresEventStore, caplog: pytest.LogCaptureFixture
) -> None:
    await tell(store, Random(1))
    for moment in range(60):
        keeper = PostgresReadModels(database)
        projecting = asyncio.create_task(project_all(store, keeper, 10))
        await asyncio.sleep(moment / 1000)
        projecting.cancel()
        await asyncio.gather(projecting, return_exceptions=True)
        await keeper.close()
    assert not [record.getMessage() for record in caplog.records if record.name.startswith("psycopg")]
    keeper = PostgresReadModels(database)
    await project_all(store, keeper)
    live = await tables(database)
    await keeper.close()
    await asyncio.gather(*[rebuild(database, model) for model in READ_MODELS.values()])
    assert await tables(database) == live


async def test_a_runner_that_comes_second_writes_nothing(store: PostgresEventStore, keeper: PostgresReadModels) -> None:
    await tell(store, Random(1))
    await project_all(store, keeper)
    part = Part(model=READ_MODELS["sessions"], after=0, rows={})
    with pytest.raises(Conflict, match="another runner was quicker"):
        await keeper.write([part], 5)


async def test_a_read_model_of_another_log_is_built_anew(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await tell(store, Random(2))
    await project_all(store, keeper)
    before = await tables(database)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("UPDATE sessions_v4.sessions SET goal = 'of another log'")
    await store.renew_log_id()
    await project_all(store, keeper)
    assert await tables(database) == before
    assert {mark.log_id for mark in (await keeper.checkpoints()).values()} == {await store.log_id()}


async def test_a_log_that_is_replaced_while_positions_are_read_is_built_anew(
    store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    class Replaced(Once):
        """Be replaced by another log right after the positions were read."""

        replaced = False

        def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
            """Yield what the other log has."""
            return super().follow(after) if self.replaced else self._replaced(after)

        async def _replaced(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
            self.replaced = True
            await store.renew_log_id()
            async for batch in super().follow(after):
                yield batch

    await tell(store, Random(5))
    await project_all(store, keeper)
    await tell(store, Random(6))
    with pytest.raises(AtTheEnd):
        await Projector(Replaced(store, 500), keeper, READ_MODELS).run()
    assert {mark.log_id for mark in (await keeper.checkpoints()).values()} == {await store.log_id()}


async def test_a_difference_between_live_and_rebuilt_is_found(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await tell(store, Random(3))
    await project_all(store, keeper)
    for model in READ_MODELS.values():
        assert (await rebuild(database, model, check=True)).differences == 0
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("UPDATE timeline_v1.timeline SET title = 'altered' WHERE position = 4")
    found = await rebuild(database, READ_MODELS["timeline"], check=True)
    assert found.differences == 2
    assert sorted("altered" in row for row in found.examples) == [False, True]


async def test_a_rebuild_tells_its_progress_and_leaves_nothing_behind(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await tell(store, Random(4))
    told: list[tuple[int, int]] = []
    rebuilt = await rebuild(database, READ_MODELS["actions"], lambda done, head: told.append((done, head)))
    assert told[-1] == (rebuilt.position, rebuilt.head) == (await store.head(),) * 2
    async with await psycopg.AsyncConnection.connect(database) as connection:
        cursor = await connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%_next'")
        assert await cursor.fetchone() == (0,)


@SLOW
@given(seed=st.integers(0, 2**32))
async def test_open_work_is_what_the_sessions_owe(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels, seed: int
) -> None:
    draw, open_work = Random(seed), PostgresOpenWork(database)
    session = uuid4()
    versions: dict[UUID, int] = {}
    state = None
    for events in history(draw, session, steps=2, most=25):
        await append(store, session, versions, events)
        state = fold(events, state)
        await project_all(store, keeper)
        due = [row for row in await open_work.due(NEVER, 10_000) if row.session == session and row.due_at < NEVER]
        owed = outstanding(state)
        assert bool(due) == bool(owed), (owed, due)
        if due and state:
            first = min(effect.not_before for effect in owed)
            # What is owed at once is due since it was drawn; a timer is due exactly when it is.
            assert due[0].due_at <= first
            assert due[0].due_at == first or first <= state.updated_at
    await open_work.close()


async def test_events_of_unknown_topics_are_counted_and_passed(
    store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    strange = LogEvent(
        originator_id=uuid4(), originator_version=1, topic="weather.changed.v1", state=b"\xff", event_id=uuid4()
    )
    broken = LogEvent(
        originator_id=uuid4(), originator_version=1, topic="session.paused.v1", state=b"{", event_id=uuid4()
    )
    await store.append([strange])
    await store.append([broken])
    await tell(store, Random(5), sessions=1)
    projector = await project_all(store, keeper)
    assert projector.skipped == {"weather.changed.v1": 1, "session.paused.v1": 1}
    assert {mark.position for mark in (await keeper.checkpoints()).values()} == {await store.head()}


def test_histories_reach_every_end() -> None:
    ends = {type(list(history(Random(seed), UUID(int=seed)))[-1][-1].data).__name__ for seed in range(40)}
    assert ends >= {"SessionCompleted", "SessionFailed", "SessionCancelled"}
    assert BEGAN.tzinfo is not None
