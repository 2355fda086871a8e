"""Measure the log's appends beside the raw limits of the same server and the library's own recorder.

Nothing is stubbed: every append is durable in the same Postgres before it counts. All parts write the same 220 bytes
of state; they take turns, and each figure is the median over the rounds.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Protocol
from uuid import UUID, uuid4

import msgspec
from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from commands.ports import EventStore, LogEvent
from ops.bench.machine import machine
from ops.bench.raw import STATE, TOPIC, copy_rate, insert_rate, server_version
from ops.scratch import scratch_database

# Drawn beforehand, as the domain derives its ids outside the log too.
_EVENT_IDS = cycle([uuid4() for _ in range(10_000)])
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
    with scratch_database(url) as scratch:
        store = await open_store(scratch)
        recorder = _library_recorder(scratch) if compare else None
        try:
            figures = await _rounds(scratch, store, recorder, rounds, seconds)
        finally:
            await store.close()
        server = await asyncio.to_thread(server_version, scratch)
    return {"machine": machine() | {"postgres": server}, "stubbed": STUBBED, "rounds": rounds, **figures}


async def _rounds(
    url: str, store: Store, recorder: ApplicationRecorder | None, rounds: int, seconds: float
) -> dict[str, float]:
    measured: dict[str, list[Written]] = defaultdict(list)
    for _ in range(rounds):
        measured["ones"].append(await _append(store, 200, 1, seconds))
        measured["fives"].append(await _append(store, 1_000, 5, seconds))
        measured["copy"].append(Written(per_second=await asyncio.to_thread(copy_rate, url, seconds)))
        measured["insert"].append(Written(per_second=await asyncio.to_thread(insert_rate, url, seconds)))
        if recorder:
            measured["recorder"].append(await asyncio.to_thread(_record, recorder, seconds))
    return _figures(measured)


def _figures(measured: Mapping[str, list[Written]]) -> dict[str, float]:
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
        stream, version, ended = uuid4(), 1, started
        while version == 1 or ended < deadline:  # once at least, however late a stalled machine lets it begin
            begun = time.perf_counter()
            await store.append([_event(stream, version + index) for index in range(per_append)])
            version, ended = version + per_append, time.perf_counter()
            latencies.append(ended - begun)

    await asyncio.gather(*(session() for _ in range(sessions)))
    return _written(latencies, per_append, time.perf_counter() - started)


def _event(stream: UUID, version: int) -> LogEvent:
    return LogEvent(
        originator_id=stream, originator_version=version, topic=TOPIC, state=STATE, event_id=next(_EVENT_IDS)
    )


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
                begun = time.perf_counter()
                if latencies and begun >= deadline:  # one append at least, however late a stalled machine begins
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
