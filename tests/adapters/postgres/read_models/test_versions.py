"""Two versions of the code run side by side: each projects and reads its own, and neither disturbs the other."""

from collections.abc import Iterable
from random import Random
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from adapters.postgres import migrations
from adapters.postgres.migrations import migrate
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.catalog.events import Agent, AgentRegistered
from domain.envelope import Event
from domain.errors import Conflict, Unavailable
from domain.upcasting import AnyEvent
from projections.agent import AgentRow
from projections.keeping import Part
from projections.ports import Recorded
from projections.registry import READ_MODELS
from projections.rows import ReadModel, Row
from projections.runner import Projector
from queries.catalogue import list_agents
from queries.freshness import reached
from queries.sessions import list_sessions
from tests.adapters.postgres.read_models.logs import AtTheEnd, Once, project_all, tell
from tests.projections.histories import event_of


def _shouted(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    for agent in READ_MODELS["agents"].changes(event, row):
        if isinstance(agent, AgentRow):
            yield replace(agent, name=(agent.name or "").upper())


NEWER = {**READ_MODELS, "agents": replace(READ_MODELS["agents"], version=3, changes=_shouted)}


async def _register(store: PostgresEventStore, name: str) -> None:
    agent = Agent(id=name, name=name, role="r", prompt_template="p", tools=("*",))
    await store.append(to_log(uuid4(), 0, [event_of(AgentRegistered(agent=agent))]))


async def _project(store: PostgresEventStore, keeper: PostgresReadModels, models: dict[str, ReadModel]) -> None:
    with pytest.raises(AtTheEnd):
        await Projector(Once(store, 500), keeper, models).run()


async def _names(database: str, models: dict[str, ReadModel]) -> list[str]:
    reads = PostgresReadStore(database, models)
    try:
        return [agent.name for agent in await list_agents(reads, "local")]
    finally:
        await reads.close()


async def test_each_version_of_the_code_reads_and_projects_its_own(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    newer = PostgresReadModels(database)
    await _register(store, "ada")
    await _project(store, keeper, READ_MODELS)
    await _project(store, newer, NEWER)
    await _register(store, "bob")
    await _project(store, newer, NEWER)
    await _project(store, keeper, READ_MODELS)
    assert await _names(database, READ_MODELS) == ["ada", "bob"]
    assert await _names(database, NEWER) == ["ADA", "BOB"]
    await newer.close()


async def test_code_waits_for_its_own_version_only(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await _register(store, "ada")
    await _project(store, keeper, READ_MODELS)
    old, new = PostgresReadStore(database), PostgresReadStore(database, NEWER)
    assert (await reached(old), await reached(new)) == (1, 0)
    await _project(store, keeper, {"agents": NEWER["agents"]})
    assert (await reached(old), await reached(new)) == (1, 1)
    await store.renew_log_id()
    assert (await reached(old), await reached(new)) == (0, 0)
    await old.close()
    await new.close()


async def test_a_read_before_the_tables_are_made_is_unavailable(database: str) -> None:
    reads = PostgresReadStore(database, NEWER)
    with pytest.raises(Unavailable, match="start a projector of this version"):
        await list_agents(reads, "local")
    assert await list_sessions(reads, "local") == []
    await reads.close()


async def test_rows_are_kept_only_where_their_version_stands(
    store: PostgresEventStore, keeper: PostgresReadModels
) -> None:
    await keeper.reset(NEWER["agents"], await store.log_id())
    with pytest.raises(Conflict, match="another runner was quicker"):
        await keeper.write([Part(model=READ_MODELS["agents"], after=0, rows={})], 1)


async def test_the_service_may_make_no_other_schemas(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("SET ROLE reprise_service")
        for name in ("public2", "sessions_v1; DROP TABLE log_events", 'x"_v1', "pg_x"):
            with pytest.raises(psycopg.errors.InvalidSchemaName):
                await connection.execute("SELECT read_models.make_schema(%s)", (name,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("CREATE SCHEMA another")


async def test_a_database_of_code_without_versions_is_upgraded_and_rebuilds_by_itself(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrations.migrations()
    with monkeypatch.context() as before:
        before.setattr(migrations, "migrations", lambda: [each for each in known if each.name < "0013"])
        before.setattr(migrations, "READ_MODELS", {})
        await migrate(empty_database)
    async with await psycopg.AsyncConnection.connect(empty_database) as owner:
        await owner.execute(
            "INSERT INTO read_models.checkpoints (name, log_id, version, position)"
            " SELECT 'agents', log_id, 1, 7 FROM log_identity"
        )
    assert await migrate(empty_database) == [each.name for each in known if each.name >= "0013"]
    store, keeper = await PostgresEventStore.open(empty_database), PostgresReadModels(empty_database)
    await tell(store, Random(1), sessions=1)
    await _register(store, "ada")
    await project_all(store, keeper)
    assert await _names(empty_database, READ_MODELS) == ["ada"]
    async with await psycopg.AsyncConnection.connect(empty_database) as owner:
        found = await owner.execute("SELECT tablename FROM pg_tables WHERE schemaname LIKE 'read_models%'")
        tables = {name for (name,) in await found.fetchall()}
    assert "versions" in tables and "sessions" not in tables
    await keeper.close()
    await store.close()
