"""Rebuild each read model while a log is appended to and read from, and count what readers notice of it.

Nothing is stubbed: a projector in a process of its own keeps the live read models and carries out the rebuilds; this
process appends and reads at fixed rates, and asks for one rebuild after the other.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from time import perf_counter
from uuid import UUID

from commands.ports import LogEvent
from domain.errors import RepriseError
from ops.bench.machine import machine
from ops.bench.rebuild import Store, events_of_sessions, fill, scratch_database
from projections.building import Build, Builds
from queries.approvals import list_approvals
from queries.catalogue import list_agents, list_tools
from queries.costs import costs_of
from queries.dead_letters import list_letters
from queries.policy import verdicts_of, violations_of
from queries.ports import ReadStore
from queries.sessions import list_sessions, show_session, tasks_of
from queries.timeline import read_timeline

STUBBED = "nothing: real log, real read models, a projector in a process of its own; the sessions are drawn at random"
TENANT = "local"
TICKS_PER_S = 10
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Opened:
    """Hold what speaks to the scratch database; ``due`` reads the timers that workers look at."""

    store: Store
    reads: ReadStore
    builds: Builds
    due: Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Parts:
    """Hold what is measured; each takes a database's URL.

    ``open_store`` migrates the database first. ``projector`` runs one that has projected the log when it is entered.
    """

    open_store: Callable[[str], Awaitable[Store]]
    opened: Callable[[str], AbstractAsyncContextManager[Opened]]
    projector: Callable[[str], AbstractAsyncContextManager[None]]


@dataclass
class Noticed:
    """Count reads: seconds of those that were answered, and the errors of those that were not."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


async def run(
    url: str,
    parts: Parts,
    names: Sequence[str],
    *,
    events: int = 100_000,
    reads_per_s: int = 50,
    events_per_s: int = 500,
) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; each read model is rebuilt once, over all events."""
    with scratch_database(url) as scratch:
        await fill(await parts.open_store(scratch), events)
        async with parts.projector(scratch), parts.opened(scratch) as opened:
            load = _Load(opened, reads_per_s, events_per_s)
            async with load.running():
                rebuilds = [await _rebuilt(opened, load, name) for name in names]
    return {
        "machine": machine(),
        "stubbed": STUBBED,
        "events": events,
        "events_appended_meanwhile": load.appended,
        "reads": sum(_number(each, "reads") for each in rebuilds),
        "failed_reads": sum(_number(each, "failed_reads") for each in rebuilds),
        "differences": sum(_number(each, "differences") for each in rebuilds),
        "swapped": all(each["swapped"] for each in rebuilds),
        "rebuilds": rebuilds,
    }


async def _rebuilt(opened: Opened, load: "_Load", name: str) -> dict[str, object]:
    noticed, before, began = load.watch(name), load.appended, perf_counter()
    await opened.builds.request(name, check=False, by="bench")
    build = await _ended(opened.builds, name)
    seconds = perf_counter() - began
    return {
        "projection": name,
        "seconds": round(seconds, 2),
        "events": build.position,
        "swapped": build.state == "done",
        "differences": -1 if build.differences is None else build.differences,
        "reads": len(noticed.seconds) + len(noticed.errors),
        "failed_reads": len(noticed.errors),
        "errors": noticed.errors[:3],
        "p95_read_ms": round(1_000 * _p95(noticed.seconds), 1),
        "reads_per_s": round(len(noticed.seconds) / seconds, 1),
        "events_per_s": round((load.appended - before) / seconds, 1),
    }


async def _ended(builds: Builds, name: str) -> Build:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (build := await builds.newest(name)).ended:  # noqa: ASYNC110 - a projector elsewhere does it
            await asyncio.sleep(0.1)
    return build


class _Load:
    """Append and read at fixed rates, whether or not the last answer has come."""

    def __init__(self, opened: Opened, reads_per_s: int, events_per_s: int):
        self._opened = opened
        self._reads_per_s = reads_per_s
        self._events_per_s = events_per_s
        self._sessions: list[UUID] = []
        self._watched: tuple[str, Noticed] = ("sessions", Noticed())
        self.appended = 0

    def watch(self, name: str) -> Noticed:
        """Aim every other read at a read model from now on, and count them all anew."""
        self._watched = name, Noticed()
        return self._watched[1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Append and read until the block ends."""
        shown = await list_sessions(self._opened.reads, TENANT, limit=200)
        self._sessions = [each.id for each in shown]
        tasks = [asyncio.create_task(self._append()), asyncio.create_task(self._read())]
        try:
            yield
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _append(self) -> None:
        events = events_of_sessions(seed=2)
        async for _ in _ticks(TICKS_PER_S):
            unit: list[LogEvent] = list(islice(events, self._events_per_s // TICKS_PER_S))
            await self._opened.store.append(unit)
            self.appended += len(unit)

    async def _read(self) -> None:
        sessions, others = cycle(self._sessions), cycle(_reads(self._opened, self._sessions[0]))
        async with asyncio.TaskGroup() as group:
            aimed = False
            async for _ in _ticks(self._reads_per_s):
                aimed, (name, noticed) = not aimed, self._watched
                asked = _reads(self._opened, next(sessions))[name if aimed else next(others)]
                group.create_task(_timed(asked, noticed))


async def _timed(asked: Callable[[], Awaitable[object]], noticed: Noticed) -> None:
    began = perf_counter()
    try:
        await asked()
    except RepriseError as fault:
        noticed.errors.append(str(fault))
    else:
        noticed.seconds.append(perf_counter() - began)


def _reads(opened: Opened, session: UUID) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """Return a question for each read model that is answered from it."""
    reads = opened.reads
    return {
        "sessions": lambda: list_sessions(reads, TENANT),
        "tasks": lambda: tasks_of(reads, TENANT, [session]),
        "actions": lambda: show_session(reads, TENANT, session),
        "agents": lambda: list_agents(reads, TENANT),
        "tools": lambda: list_tools(reads, TENANT),
        "timeline": lambda: read_timeline(reads, TENANT, session),
        "approvals": lambda: list_approvals(reads, TENANT),
        "open_work": opened.due,
        "verdicts": lambda: verdicts_of(reads, TENANT, [session]),
        "violations": lambda: violations_of(reads, TENANT, [session]),
        "costs": lambda: costs_of(reads, TENANT, [session]),
        "dead_letters": lambda: list_letters(reads, TENANT),
    }


async def _ticks(per_s: int) -> AsyncIterator[None]:
    """Tick at a fixed rate; what was late is caught up."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        yield
        due += 1 / per_s


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))] if seconds else 0.0


def _number(figures: dict[str, object], name: str) -> int:
    value = figures[name]
    assert isinstance(value, int), name
    return value
