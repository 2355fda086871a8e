"""Measure the log's appends beside the raw limits of the same server and the library's own recorder.

Nothing is stubbed: every append is durable in the same Postgres before it counts. All parts write the same 220 bytes
of state; they take turns, and each figure is the median over the rounds.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID, uuid4

import msgspec
import psycopg
from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from commands.ports import EventStore, LogEvent
from ops.bench.machine import machine

TOPIC = "session.benchmarked.v1"
STATE = b'{"data":"' + b"x" * 209 + b'"}'
STUBBED = "nothing: durable appends to Postgres, as the service writes them; the events are made up"


class Store(EventStore, Protocol):
    """Be an event store that can be closed."""

    async def close(self) -> None:
        """Close all connections."""
        ...


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what one part wrote: its rate, and the 95th percentile of its latencies in milliseconds."""

    per_second: float
    p95_ms: float = 0.0


Rounds = dict[str, list[Written]]


async def run(
    url: str,
    open_store: Callable[[str], Awaitable[Store]],
    *,
    compare: bool,
    rounds: int = 5,
    seconds: float = 1.0,
) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url`` and return the figures.

    ``open_store`` migrates the database at the URL it gets and opens its event store. ``compare`` adds the library's
    recorder. ``seconds`` is how long each part writes in each round.
    """
    with _scratch_database(url) as scratch:
        store = await open_store(scratch)
        recorder = _library_recorder(scratch) if compare else None
        try:
            figures = await _rounds(scratch, store, recorder, rounds, seconds)
        finally:
            await store.close()
        server = await asyncio.to_thread(_server_version, scratch)
    return {"machine": machine() | {"postgres": server}, "stubbed": STUBBED, "rounds": rounds, **figures}


async def _rounds(
    url: str, store: Store, recorder: ApplicationRecorder | None, rounds: int, seconds: float
) -> dict[str, float]:
    measured: Rounds = {}
    for _ in range(rounds):
        measured.setdefault("ones", []).append(await _append(store, 200, 1, seconds))
        measured.setdefault("fives", []).append(await _append(store, 1_000, 5, seconds))
        measured.setdefault("copy", []).append(await asyncio.to_thread(_copy, url, seconds))
        measured.setdefault("insert", []).append(await asyncio.to_thread(_insert, url, seconds))
        if recorder:
            measured.setdefault("recorder", []).append(await asyncio.to_thread(_record, recorder, seconds))
    return _figures(measured)


def _figures(measured: Rounds) -> dict[str, float]:
    rates = {part: statistics.median(each.per_second for each in parts) for part, parts in measured.items()}
    p95s = {part: statistics.median(each.p95_ms for each in parts) for part, parts in measured.items()}
    figures = {
        "appends_per_s": rates["ones"],
        "p95_ms": p95s["ones"],
        "events_per_s": rates["fives"],
        "p95_ms_fives": p95s["fives"],
        "copy_rows_per_s": rates["copy"],
        "raw_insert_per_s": rates["insert"],
        "events_to_copy": _median_ratio(measured["fives"], measured["copy"]),
    }
    if "recorder" in rates:
        figures["recorder_appends_per_s"] = rates["recorder"]
        figures["recorder_p95_ms"] = p95s["recorder"]
        figures["appends_to_recorder"] = _median_ratio(measured["ones"], measured["recorder"])
    return {name: round(figure, 2) for name, figure in figures.items()}


def _median_ratio(ours: list[Written], theirs: list[Written]) -> float:
    # Within a round, so that a machine that is slow for a while is slow for both.
    return statistics.median(a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True))


async def _append(store: Store, sessions: int, per_append: int, seconds: float) -> Written:
    """Let sessions append at once, each waiting for its answer before it appends again."""
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + seconds

    async def session() -> None:
        stream, version = uuid4(), 1
        while (begun := time.perf_counter()) < deadline:
            await store.append([_event(stream, version + index) for index in range(per_append)])
            version += per_append
            latencies.append(time.perf_counter() - begun)

    await asyncio.gather(*(session() for _ in range(sessions)))
    return _written(latencies, per_append, time.perf_counter() - started)


def _event(stream: UUID, version: int) -> LogEvent:
    return LogEvent(originator_id=stream, originator_version=version, topic=TOPIC, state=STATE, event_id=uuid4())


def _written(latencies: list[float], each: int, elapsed: float) -> Written:
    latencies.sort()
    p95 = latencies[int(0.95 * len(latencies))] * 1_000
    return Written(per_second=len(latencies) * each / elapsed, p95_ms=p95)


def _record(recorder: ApplicationRecorder, seconds: float) -> Written:
    """Let 16 threads append single events for 200 sessions through the library's own recorder."""
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + seconds

    def thread(streams: list[UUID]) -> None:
        version = 1
        while True:
            for stream in streams:
                if (begun := time.perf_counter()) >= deadline:
                    return
                recorder.insert_events([StoredEvent(stream, version, TOPIC, STATE)])
                latencies.append(time.perf_counter() - begun)
            version += 1

    streams = [uuid4() for _ in range(200)]
    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(thread, streams[index::16]) for index in range(16)]:
            future.result()
    return _written(latencies, 1, time.perf_counter() - started)


def _library_recorder(url: str) -> ApplicationRecorder:
    given = conninfo_to_dict(url)
    names = {"dbname": "dbname", "host": "host", "port": "port", "user": "user", "password": "password"}
    environment = {f"POSTGRES_{key.upper()}": str(given.get(name) or "") for key, name in names.items()}
    environment["PERSISTENCE_MODULE"] = "eventsourcing.postgres"
    return InfrastructureFactory.construct(Environment(env=environment)).application_recorder()


_RAW_TABLE = """
CREATE TABLE IF NOT EXISTS raw_events (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL,
    notification_id bigint GENERATED BY DEFAULT AS IDENTITY UNIQUE, PRIMARY KEY (originator_id, originator_version)
)
"""


def _copy(url: str, seconds: float) -> Written:
    """Copy 500 rows a transaction into a table with the library's columns and its two unique indexes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_RAW_TABLE)
        latencies: list[float] = []
        started = time.perf_counter()
        while (begun := time.perf_counter()) < started + seconds:
            _copy_rows(connection, uuid4(), 500)
            latencies.append(time.perf_counter() - begun)
        return _written(latencies, 500, time.perf_counter() - started)


def _copy_rows(connection: psycopg.Connection, stream: UUID, rows: int) -> None:
    statement = "COPY raw_events (originator_id, originator_version, topic, state) FROM STDIN (FORMAT BINARY)"
    with connection.cursor(binary=True) as cursor, cursor.copy(statement) as copy:
        copy.set_types(["uuid", "int8", "text", "bytea"])
        for version in range(1, rows + 1):
            copy.write_row((stream, version, TOPIC, STATE))


def _insert(url: str, seconds: float) -> Written:
    """Insert single rows on one connection, a transaction each, into the same table."""
    statement = "INSERT INTO raw_events (originator_id, originator_version, topic, state) VALUES (%s, %s, %s, %s)"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_RAW_TABLE)
        latencies: list[float] = []
        stream = uuid4()
        started = time.perf_counter()
        while (begun := time.perf_counter()) < started + seconds:
            connection.execute(statement, (stream, len(latencies) + 1, TOPIC, STATE), prepare=True)
            latencies.append(time.perf_counter() - begun)
        return _written(latencies, 1, time.perf_counter() - started)


def _server_version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return f"{connection.info.server_version // 10_000}.{connection.info.server_version % 10_000}"


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
