"""One event whose rows cannot be kept stops no other."""

import logging
from collections.abc import Iterable
from random import Random
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.watching import rebuild
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.catalog.events import Agent, AgentRegistered
from domain.envelope import Event
from domain.errors import Unavailable
from domain.upcasting import AnyEvent
from projections.ports import Recorded
from projections.registry import READ_MODELS
from projections.rows import Row
from projections.runner import Projector
from tests.adapters.postgres.read_models.logs import AtTheEnd, Once, project_all, tell
from tests.projections.histories import event_of

# Random, for an index keeps a text that repeats itself in few bytes.
LONG = Random(7).randbytes(4_000).hex()
AGENTS = READ_MODELS["agents"]


async def _register(store: PostgresEventStore, *ids: str, pattern: str = "*") -> None:
    for name in ids:
        agent = Agent(id=name, name="a", role="r", prompt_template="p", tools=(pattern,))
        await store.append(to_log(uuid4(), 0, [event_of(AgentRegistered(agent=agent))]))


async def _agents(database: str) -> set[str]:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        cursor = await connection.execute("SELECT id FROM agents_v2.agents")
        return {name for (name,) in await cursor.fetchall()}


async def test_an_agent_with_a_long_tool_pattern_is_shown(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await _register(store, "eager", pattern=LONG)
    projector = await project_all(store, keeper)
    assert await _agents(database) == {"eager"}
    assert not projector.skipped


@pytest.mark.parametrize("size", [1, 3, 500])
async def test_an_event_that_postgres_cannot_take_is_left_out_and_no_other(
    database: str,
    store: PostgresEventStore,
    keeper: PostgresReadModels,
    caplog: pytest.LogCaptureFixture,
    size: int,
) -> None:
    await _register(store, "a", "b", LONG, "c")  # the key's index takes 2,704 bytes
    await tell(store, Random(1), sessions=1)
    await _register(store, "d")
    with caplog.at_level(logging.ERROR):
        projector = await project_all(store, keeper, size)
    assert await _agents(database) == {"a", "b", "c", "d"}
    assert projector.skipped == {"agent.registered.v1": 1}
    assert [record.getMessage()[:56] for record in caplog.records] == [
        "Read model agents skips the event at position 3: Expecte"
    ]
    assert {mark.position for mark in (await keeper.checkpoints()).values()} == {await store.head()}
    for model in READ_MODELS.values():
        assert (await rebuild(database, model, check=True)).differences == 0
    assert (await rebuild(database, AGENTS)).skipped == {"agent.registered.v1": 1}
    assert await _agents(database) == {"a", "b", "c", "d"}


def _failing(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    if row.position == 2:
        raise ValueError("did not reckon with this")
    return AGENTS.changes(event, row)


async def test_an_event_that_the_code_did_not_reckon_with_is_left_out_and_no_other(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await _register(store, "a", "b", "c")
    model = replace(AGENTS, changes=_failing)
    projector = Projector(Once(store, 500), keeper, {"agents": model})
    with pytest.raises(AtTheEnd):
        await projector.run()
    assert await _agents(database) == {"a", "c"}
    assert projector.skipped == {"agent.registered.v1": 1}
    assert (await rebuild(database, model)).skipped == {"agent.registered.v1": 1}
    assert await _agents(database) == {"a", "c"}


@pytest.mark.parametrize("trouble", ["default_transaction_read_only = on", "statement_timeout = 1"])
async def test_no_event_is_left_out_because_the_server_is_in_trouble(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels, trouble: str
) -> None:
    await _register(store, "a")
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        name = owner.info.dbname
        await owner.execute(f"ALTER DATABASE {name} SET {trouble}".encode())
        if trouble.startswith("statement_timeout"):  # keep the writer waiting
            await owner.execute("BEGIN; LOCK TABLE read_models.versions")
        with pytest.raises(Unavailable):
            await keeper.reset(AGENTS, await store.log_id())
