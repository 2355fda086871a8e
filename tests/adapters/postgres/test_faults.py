"""Lost connections, stopped writers and a server that is away: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.embedded.postgres import PostgresServer, embedded_postgres
from adapters.postgres import appender, connections, queue
from adapters.postgres.connections import connect
from adapters.postgres.migrations import migrate
from adapters.postgres.store import PostgresEventStore
from adapters.postgres.writer import Writer
from commands.ports import LogEvent
from domain.errors import Conflict, Unavailable
from tests.adapters.postgres.events import event, run, whole_log

HOLDER = """
import psycopg, sys, time
connection = psycopg.connect(sys.argv[1])
connection.execute("SELECT next_position()")
print("holding", flush=True)
time.sleep(60)
"""


@asynccontextmanager
async def stopped_writer(url: str) -> AsyncIterator[None]:
    """Keep a process that took the append lock, with none of our time-outs, and was stopped."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, url, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"holding\n"
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_a_stopped_writer_does_not_freeze_the_others(database: str, store: PostgresEventStore) -> None:
    async with stopped_writer(database):
        answers = await asyncio.gather(*[store.append([event(uuid4(), 1)]) for _ in range(100)])
    assert sorted(answers) == list(range(1, 101))


BUSY = """
import asyncio, sys
from uuid import uuid4
from adapters.postgres.store import PostgresEventStore
from tests.adapters.postgres.events import run

async def main():
    store = await PostgresEventStore.open(sys.argv[1])
    async def write():
        stream, version = uuid4(), 1
        while True:
            await store.append(run(stream, version, 5, b"x" * 2_000))
            version += 5
    print("writing", flush=True)
    await asyncio.gather(*[write() for _ in range(100)])

asyncio.run(main())
"""


async def test_a_process_of_ours_that_is_stopped_at_full_speed_freezes_nobody(
    database: str, store: PostgresEventStore
) -> None:
    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY, database, stdout=asyncio.subprocess.PIPE)
    assert busy.stdout is not None
    assert await busy.stdout.readline() == b"writing\n"
    try:
        for _ in range(4):
            await asyncio.sleep(random.uniform(0.1, 0.3))
            busy.send_signal(signal.SIGSTOP)
            await store.append([event(uuid4(), 1)])
            busy.send_signal(signal.SIGCONT)
        assert busy.returncode is None
    finally:
        busy.kill()
        await busy.wait()
    await whole_log(store)


async def test_a_stopped_process_of_ours_lets_the_lock_go_by_itself(database: str) -> None:
    forgetful = await connect(database)
    await forgetful.execute("BEGIN; SELECT next_position()")
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other, asyncio.timeout(60):
        await other.execute("BEGIN; SELECT next_position(); ROLLBACK")  # waits for the lock
    with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
        await forgetful.execute("SELECT 1")
    await forgetful.close()


async def test_a_slow_writer_that_is_not_stuck_is_left_alone(
    database: str, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = connections.SERVICE_OPTIONS.replace("timeout=1000", "timeout=60000").replace("=2000", "=60000")
    monkeypatch.setattr(connections, "SERVICE_OPTIONS", patient)
    async with await connect(database) as slow:
        await slow.execute("BEGIN; SELECT next_position()")
        appended = asyncio.create_task(store.append([event(uuid4(), 1)]))
        await asyncio.sleep(1.5)
        await slow.execute("COMMIT")
        assert await appended == 1


async def _end_backends(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_writers_whose_connections_are_cut_lose_and_double_nothing(
    database: str, store: PostgresEventStore
) -> None:
    acknowledged: dict[UUID, int] = {}
    until = time.monotonic() + 3

    async def write(stream: UUID) -> None:
        while time.monotonic() < until:
            version = acknowledged.get(stream, 0) + 3
            await store.append(run(stream, version - 2, 3, b"x" * 300))
            acknowledged[stream] = version

    async def cut() -> None:
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(0.02, 0.2))
            await _end_backends(database)

    await asyncio.gather(cut(), *[write(uuid4()) for _ in range(40)])
    rows = await whole_log(store)
    assert len(rows) == sum(acknowledged.values()) > 0


class Deaf(Writer):
    """Lose the connection right after the server has committed, before the answer is read."""

    async def append(self, units):  # type: ignore[no-untyped-def]
        """Append, then pretend that no answer came."""
        await super().append(units)
        Deaf.append = Writer.append  # type: ignore[method-assign]
        raise psycopg.OperationalError("server closed the connection unexpectedly")


async def test_an_append_whose_answer_was_lost_is_recognised(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appender, "Writer", Deaf)
    store = await PostgresEventStore.open(database)
    a, b = uuid4(), uuid4()
    assert await store.append([event(a, 1), event(b, 1), event(a, 2)]) == 3
    assert len(await whole_log(store)) == 3
    await store.close()


class Overtaken(Writer):
    """Lose the connection before the server heard anything, and let a rival write meanwhile."""

    rival: LogEvent
    url: str

    async def append(self, units):  # type: ignore[no-untyped-def]
        """Write the rival's event instead."""
        Overtaken.append = Writer.append  # type: ignore[method-assign]
        other = await PostgresEventStore.open(self.url)
        await other.append([self.rival])
        await other.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


async def test_an_append_that_a_rival_overtook_in_the_dark_is_a_conflict(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = uuid4()
    monkeypatch.setattr(Overtaken, "url", database, raising=False)
    monkeypatch.setattr(Overtaken, "rival", event(stream, 1), raising=False)
    monkeypatch.setattr(appender, "Writer", Overtaken)
    store = await PostgresEventStore.open(database)
    with pytest.raises(Conflict):
        await store.append([event(stream, 1)])
    assert [row.event_id for row in await whole_log(store)] == [Overtaken.rival.event_id]
    await store.close()


@asynccontextmanager
async def server_of_its_own(folder: Path) -> AsyncIterator[PostgresServer]:
    """Run a Postgres that a test may treat roughly."""
    async with embedded_postgres(folder / "rough") as server:
        await migrate(server.url)
        yield server


async def test_a_backend_killed_in_the_middle_of_appends_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 of a backend makes Postgres restart all of them and recover."""
    monkeypatch.setattr(appender, "PATIENCE_SECONDS", 60.0)
    async with server_of_its_own(tmp_path) as server:
        store = await PostgresEventStore.open(server.url)
        acknowledged: dict[UUID, int] = {}
        until = time.monotonic() + 3

        async def write(stream: UUID) -> None:
            while time.monotonic() < until:
                version = acknowledged.get(stream, 0) + 1
                await store.append([event(stream, version)])
                acknowledged[stream] = version

        async def kill() -> None:
            await asyncio.sleep(0.5)
            async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as owner:
                found: list[tuple[int]] = []
                while not found:
                    cursor = await owner.execute(
                        "SELECT pid FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()",
                        ("%append_events%",),
                    )
                    found = await cursor.fetchall()
            os.kill(found[0][0], signal.SIGKILL)

        await asyncio.gather(kill(), *[write(uuid4()) for _ in range(20)])
        rows = await whole_log(store)
        assert len(rows) == sum(acknowledged.values()) > 0
        await store.close()


async def test_a_server_that_stays_away_is_reported_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(queue, "FLUSH_EVENTS", 10)  # each of 300 flushes would wait for a second
    async with server_of_its_own(tmp_path) as server:
        store = await PostgresEventStore.open(server.url)
        await store.append([event(uuid4(), 1)])
    began = time.monotonic()
    answers = await asyncio.gather(*[store.append([event(uuid4(), 1)]) for _ in range(3_000)], return_exceptions=True)
    assert time.monotonic() - began < 60
    assert {type(answer) for answer in answers} == {Unavailable}
    assert "Expected Postgres to take the events within 1 s" in str(answers[0])
    await store.close()
