"""A database that goes away, or turns read-only, under a store that worked: nothing is refused, nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.postgres import PostgresServer
from adapters.postgres import appender
from adapters.postgres.connections import connect
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from domain.errors import Invalid, Unavailable
from tests.adapters.postgres.events import event

Act = Callable[[PostgresEventStore], Awaitable[object]]
WRITES: dict[str, Act] = {
    "append": lambda store: store.append([event(uuid4(), 1)]),
    "put_blobs": lambda store: store.put_blobs("local", [b"x"]),
    "renew_log_id": lambda store: store.renew_log_id(),
}


async def _order(postgres: PostgresServer, *orders: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as owner:
        for order in orders:
            await owner.execute(order.encode())


def _ended(name: str) -> str:
    return f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"


def let_wait(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let stores wait so long for a database."""
    monkeypatch.setattr(appender, "PATIENCE_SECONDS", seconds)
    monkeypatch.setattr("adapters.postgres.connections.patiently.__defaults__", (seconds,))


@asynccontextmanager
async def gone(postgres: PostgresServer, url: str) -> AsyncIterator[None]:
    """Let a database not exist for a while, as while a backup is restored."""
    name = str(conninfo_to_dict(url)["dbname"])
    closed = f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"
    await _order(postgres, closed, _ended(name), f"ALTER DATABASE {name} RENAME TO {name}_gone")
    try:
        yield
    finally:
        await _order(
            postgres, f"ALTER DATABASE {name}_gone RENAME TO {name}", f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"
        )


@asynccontextmanager
async def read_only(postgres: PostgresServer, url: str) -> AsyncIterator[None]:
    """Let a database refuse writes (SQLSTATE 25006) for a while, as a standby does."""
    name = str(conninfo_to_dict(url)["dbname"])
    await _order(postgres, f"ALTER DATABASE {name} SET default_transaction_read_only = on", _ended(name))
    try:
        yield
    finally:
        await _order(postgres, f"ALTER DATABASE {name} RESET default_transaction_read_only")


@pytest.mark.parametrize("trouble", [gone, read_only])
@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES.keys())
async def test_what_is_written_meanwhile_is_written_when_the_database_is_back(
    postgres: PostgresServer,
    database: str,
    store: PostgresEventStore,
    act: Act,
    trouble: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_wait(monkeypatch, 60.0)
    await act(store)
    async with trouble(postgres, database):  # type: ignore[attr-defined]
        written = asyncio.ensure_future(act(store))
        await asyncio.sleep(0.5)
        assert not written.done()
    await written


@pytest.mark.parametrize("trouble", [gone, read_only])
@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES.keys())
async def test_a_database_that_does_not_come_back_is_unavailable(
    postgres: PostgresServer,
    database: str,
    store: PostgresEventStore,
    act: Act,
    trouble: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_wait(monkeypatch, 0.3)
    await act(store)
    async with trouble(postgres, database):  # type: ignore[attr-defined]
        with pytest.raises(Unavailable):
            await act(store)


async def test_a_listener_outlives_a_database_that_was_gone(
    postgres: PostgresServer, database: str, store: PostgresEventStore
) -> None:
    assert not await store.wait_for_commit(0, 0.2)
    async with gone(postgres, database):
        await asyncio.sleep(0.5)
    async with await connect(database) as other:
        await other.execute("NOTIFY log_events, '\u00b2'")  # a digit to str.isdigit, and to nobody else
    await asyncio.sleep(0.3)
    other_store = await PostgresEventStore.open(database)
    await other_store.append([event(uuid4(), 1)])
    await other_store.close()
    assert await store.wait_for_commit(0, 60)


@pytest.mark.parametrize("tenant", ["\x00", "\ud800"])
async def test_values_that_postgres_cannot_take_are_invalid_wherever_they_come(
    store: PostgresEventStore, tenant: str
) -> None:
    strange = LogEvent(uuid4(), 1, "session.paused.v1", b"{}", event_id=uuid4(), tenant=tenant)
    acts: list[Act] = [
        lambda store: store.append([strange]),
        lambda store: store.put_blobs(tenant, [b"x"]),
        lambda store: store.find_command(tenant, "c"),
    ]
    for act in acts:
        with pytest.raises(Invalid):
            await act(store)
