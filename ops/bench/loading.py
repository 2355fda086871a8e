"""Append to a log and read from its read models at fixed rates, and count what readers notice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from time import perf_counter
from uuid import UUID

from commands.ports import LogEvent
from domain.errors import RepriseError
from ops.bench.rebuild import Store, events_of_sessions
from ops.tasks import end
from projections.building import Builds
from queries.approvals import list_approvals
from queries.catalogue import list_agents, list_tools
from queries.costs import costs_of
from queries.dead_letters import list_letters
from queries.policy import verdicts_of, violations_of
from queries.ports import ReadStore
from queries.sessions import list_sessions, show_session, tasks_of
from queries.timeline import read_timeline

TENANT = "local"
TICKS_PER_S = 10


@dataclass(frozen=True)
class Opened:
    """Hold what speaks to the scratch database; ``due`` reads the timers that workers look at."""

    store: Store
    reads: ReadStore
    builds: Builds
    due: Callable[[], Awaitable[object]]


@dataclass
class Noticed:
    """Count reads: seconds of those that were answered, and the errors of those that were not."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Load:
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
            await end(tasks)

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
