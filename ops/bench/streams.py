"""Measure live streams: many subscribers of one session each, some of whom never read, while another process appends.

The API and the relay run as processes of their own, on an embedded Postgres and NATS that nothing else uses. Latency is
from right before an append until the subscriber's process has the bytes.
"""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit
from uuid import UUID

from ops.bench.appending import OpenStore, append_in_a_process, begin_sessions
from ops.bench.machine import machine
from ops.bench.memory import Memory, rss_mb
from ops.bench.subscribers import Kind, Subscriber

STUBBED = "nothing: real API, relay, Postgres and NATS; the subscribers are sockets that look for marks in what comes"
KINDS: tuple[Kind, ...] = ("websocket", "sse")
AT_ONCE = 50
LATE_SECONDS = 10.0


@dataclass(frozen=True)
class Load:
    """Say who watches and how much happens: ``subscribers`` have one session each, ``silent`` of them never read."""

    subscribers: int = 500
    silent: int = 50
    events_per_s: int = 500
    seconds: int = 60


@dataclass(frozen=True)
class Role:
    """Be a process that serves a role."""

    pid: int
    said: str


async def run(postgres_url: str, nats_url: str, open_store: OpenStore, load: Load) -> dict[str, object]:
    """Measure on servers that are this run's own."""
    store = await open_store(postgres_url)
    versions = await begin_sessions(store, load.subscribers)
    await store.close()
    environment = {"REPRISE_POSTGRES_URL": postgres_url, "REPRISE_NATS_URL": nats_url, "REPRISE_PORT": "0"}
    async with _role("relay", environment), _role("api", environment) as api:
        place = urlsplit(api.said.rpartition(" ")[2])
        watchers = subscribers(list(versions), load.silent)
        host, port = str(place.hostname), place.port or 0
        await _open([Subscriber(watchers[0].session, kind) for kind in KINDS], host, port, leave=True)
        idle, memory = rss_mb(api.pid), Memory(api.pid)
        await _open(watchers, host, port)
        watching = asyncio.create_task(memory.watch())
        await _append(open_store, postgres_url, versions, load)
        watching.cancel()
        await _until_delivered(watchers, versions, load)
        figures = _figures(watchers, versions, load) | _memory(memory, idle)
        for each in watchers:
            each.close()
    return {"machine": machine(), "stubbed": STUBBED} | figures


def subscribers(sessions: Sequence[UUID], silent: int) -> list[Subscriber]:
    """Return one subscriber a session, of alternating kinds; those who never read are spread over both."""
    every = len(sessions) // silent if silent else len(sessions)
    return [
        Subscriber(session, KINDS[(number + number // every) % 2], reads=not silent or number % every != 0)
        for number, session in enumerate(sessions)
    ]


@asynccontextmanager
async def _role(name: str, environment: dict[str, str]) -> AsyncIterator[Role]:
    """Serve a role in a process of its own until the block ends."""
    command = [sys.executable, "-m", "ops.cli.main", "serve", name]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("REPRISE_")}
    process = await asyncio.create_subprocess_exec(
        *command, env=inherited | environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield Role(pid=process.pid, said=(await process.stdout.readline()).decode().strip())
    finally:
        process.terminate()
        await process.wait()


async def _open(watchers: Sequence[Subscriber], host: str, port: int, *, leave: bool = False) -> None:
    """Connect all, some at once, and return when each has its first event."""
    room = asyncio.Semaphore(AT_ONCE)

    async def connect(watcher: Subscriber) -> None:
        async with room:
            await watcher.open(host, port)
        if leave:
            watcher.close()

    await asyncio.gather(*map(connect, watchers))


async def _append(open_store: OpenStore, url: str, versions: dict[UUID, int], load: Load) -> None:
    """Let another process append, and wait for it."""
    given = (open_store, url, versions, load.events_per_s, load.seconds)
    process = multiprocessing.get_context("spawn").Process(target=append_in_a_process, args=given)
    process.start()
    await asyncio.to_thread(process.join)
    if process.exitcode:
        raise ChildProcessError(f"The appending process ended with code {process.exitcode}.")


def _expected(versions: dict[UUID, int], load: Load) -> dict[UUID, list[int]]:
    """Return which versions each session got: the sessions take turns."""
    total, count = load.events_per_s * load.seconds, len(versions)
    return {
        session: [first + 1 + turn for turn in range(len(range(number, total, count)))]
        for number, (session, first) in enumerate(versions.items())
    }


async def _until_delivered(watchers: Sequence[Subscriber], versions: dict[UUID, int], load: Load) -> None:
    """Wait for what is still on its way, a bounded time."""
    loop, expected = asyncio.get_running_loop(), _expected(versions, load)
    until = loop.time() + LATE_SECONDS
    reading = [watcher for watcher in watchers if watcher.reads]
    while loop.time() < until and any(  # noqa: ASYNC110
        len(each.versions) < len(expected[each.session]) for each in reading
    ):
        await asyncio.sleep(0.1)


def _figures(watchers: Sequence[Subscriber], versions: dict[UUID, int], load: Load) -> dict[str, object]:
    expected, reading = _expected(versions, load), [watcher for watcher in watchers if watcher.reads]
    latencies = quantiles((each for watcher in reading for each in watcher.latencies), n=100)
    return {
        "subscribers": load.subscribers,
        "never_reading": load.silent,
        "events_per_s": load.events_per_s,
        "seconds": load.seconds,
        "delivered": sum(len(watcher.versions) for watcher in reading),
        "lost": sum(len(set(expected[each.session]) - set(each.versions)) for each in reading),
        "out_of_order_or_twice": sum(each.versions != sorted(set(each.versions)) for each in reading),
        "p50_ms": round(latencies[49] * 1000, 1),
        "p95_ms": round(latencies[94] * 1000, 1),
        "p99_ms": round(latencies[98] * 1000, 1),
    }


def _memory(memory: Memory, idle: float) -> dict[str, object]:
    first, last = memory.slopes()
    return {
        "rss_idle_mb": round(idle, 1),
        "rss_peak_mb": round(memory.peak(), 1),
        "rss_above_idle_mb": round(memory.peak() - idle, 1),
        "first_half_mb_per_min": round(first, 2),
        "last_half_mb_per_min": round(last, 2),
    }
