"""A schema is brought up to date once, by whoever comes first, and an unknown one is refused."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.embedded.postgres import PostgresServer
from adapters.postgres import migrations
from adapters.postgres.migrations import Migration, check_schema, migrate
from adapters.postgres.store import PostgresEventStore
from domain.errors import Refused, Unavailable
from tests.adapters.postgres.events import event

NAMES = [migration.name for migration in migrations.migrations()]


@pytest.fixture
async def empty(postgres: PostgresServer) -> AsyncIterator[list[str]]:
    """Yield the URLs of three databases with nothing in them."""
    names = [f"empty_{number}" for number in range(3)]
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as owner:
        for name in names:
            await owner.execute(f"CREATE DATABASE {name}".encode())
        yield [postgres.url_of(name) for name in names]
        for name in names:
            await owner.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def _change(url: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as owner:
        await owner.execute(statement.encode())


async def test_processes_that_migrate_at_once_apply_each_migration_once(empty: list[str]) -> None:
    applied = await asyncio.gather(*[migrate(url) for url in empty * 4])
    assert sorted(chain.from_iterable(applied)) == sorted(NAMES * 3)
    assert await migrate(empty[0]) == []


async def test_databases_of_one_server_may_create_the_roles_at_once(postgres: PostgresServer, empty: list[str]) -> None:
    await asyncio.gather(*[migrate(url) for url in empty])
    async with await psycopg.AsyncConnection.connect(postgres.url) as owner:
        found = await owner.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'reprise%'")
        assert await found.fetchall() == [(2,)]


async def test_a_store_does_not_open_on_a_database_without_schema(empty: list[str]) -> None:
    with pytest.raises(Refused, match=r"lacks \d+ migrations, 0001_log.pre first. Run `reprise migrate`"):
        await PostgresEventStore.open(empty[0])


async def test_a_schema_that_is_newer_than_the_code_is_refused(database: str) -> None:
    await _change(database, "INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.pre', 'x')")
    for start in (check_schema, migrate, PostgresEventStore.open):
        with pytest.raises(Refused, match=r"9999_later\.pre, which this version of Reprise does not know"):
            await start(database)


async def test_a_migration_that_was_edited_after_it_ran_is_refused(database: str) -> None:
    await _change(database, "UPDATE schema_migrations SET checksum = 'x' WHERE name = '0001_log.pre'")
    with pytest.raises(Refused, match=r"0001_log\.pre was applied with another text"):
        await check_schema(database)


async def test_post_migrations_wait_until_they_are_asked_for(empty: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    later = Migration(name="9000_later.post", phase="post", sql="CREATE TABLE later ()")
    known = [*migrations.migrations(), later]
    monkeypatch.setattr(migrations, "migrations", lambda: known)
    assert later.name not in await migrate(empty[0], "pre")
    await check_schema(empty[0])
    assert (await migrate(empty[0], "post"))[-1] == later.name


async def test_a_migration_that_fails_leaves_nothing_behind(empty: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration(name="9000_broken.pre", phase="pre", sql="CREATE TABLE half (); SELECT no_such_column")
    known = [*migrations.migrations(), broken]
    monkeypatch.setattr(migrations, "migrations", lambda: known)
    with pytest.raises(psycopg.Error):
        await migrate(empty[0])
    async with await psycopg.AsyncConnection.connect(empty[0]) as owner:
        found = await owner.execute("SELECT to_regclass('half'), to_regclass('log_events') IS NOT NULL")
        assert await found.fetchall() == [(None, True)]


async def test_a_database_that_does_not_exist_is_refused_at_once(postgres: PostgresServer) -> None:
    with pytest.raises(Refused, match="does not exist"):
        await migrate(postgres.url_of("nowhere"))


async def test_a_server_that_is_not_there_is_unavailable(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("none")
    monkeypatch.setattr("adapters.postgres.connections.patiently.__defaults__", (0.3,))
    with pytest.raises(Unavailable, match="where REPRISE_POSTGRES_URL is set"):
        await migrate(f"host={folder} user=postgres dbname=postgres")


@pytest.fixture
async def login(postgres: PostgresServer) -> AsyncIterator[str]:
    """Yield the URL of an empty database for its owner, who is no superuser."""
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as owner:
        await owner.execute("CREATE ROLE modest LOGIN CREATEROLE")
        await owner.execute("CREATE DATABASE modest OWNER modest")
        yield make_conninfo(postgres.url_of("modest"), user="modest")
        await owner.execute("DROP DATABASE modest WITH (FORCE)")
        await owner.execute("DROP ROLE modest")


@pytest.mark.usefixtures("migrated_template")
async def test_an_owner_who_is_no_superuser_migrates_and_serves(postgres: PostgresServer, login: str) -> None:
    with pytest.raises(Refused, match="GRANT reprise_service, reprise_retention TO"):
        await migrate(login)
    await _change(postgres.url, "GRANT reprise_service, reprise_retention TO modest")
    assert await migrate(login) == [name for name in NAMES if name != "0001_log.pre"]
    store = await PostgresEventStore.open(login)
    assert await store.append([event(uuid4(), 1)]) == 1
    await store.close()


@pytest.mark.usefixtures("migrated_template")
async def test_a_login_without_the_role_is_told_what_is_missing(postgres: PostgresServer, login: str) -> None:
    with pytest.raises(Refused, match="GRANT reprise_service TO"):
        await PostgresEventStore.open(login)
