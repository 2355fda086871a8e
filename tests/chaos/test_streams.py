"""However often clients lose their connection, and whatever becomes of NATS, each sees every event once, in order."""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from ops.bench.appending import begin_sessions, tick
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.watchers import KINDS, Watcher

RECONNECTS = int(os.environ.get("REPRISE_CHAOS_RECONNECTS", "60"))
SEED = int(os.environ.get("REPRISE_CHAOS_SEED", "1"))
SESSIONS = 3
BURST, LARGE = 400, "x" * 8_000
"""More at once than the service keeps for one client and a narrow connection takes, together."""
LONGEST_VISIT = 2.0
MOST_EVENTS = (1, 3, 10, 50, 200)
PATIENCE = 600.0


@dataclass
class Sessions:
    """Append to sessions, one writer at a time."""

    store: PostgresEventStore
    versions: dict[UUID, int]
    chance: random.Random
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, session: UUID, count: int, padding: str = "") -> int:
        """Append so many events at once, and return the position of the last."""
        first = self.versions[session]
        self.versions[session] += count
        rows: list[LogEvent] = [row for turn in range(count) for row in tick(session, first + turn + 1, padding)]
        return await self.store.append(rows)

    async def keep_appending(self, sessions: Sequence[UUID]) -> None:
        """Append a few events to some session again and again, until it was enough."""
        while not self.enough.is_set():
            await self.append(self.chance.choice(sessions), self.chance.choice((1, 1, 1, 2, 5, 30)))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(0, 0.05)):
                    await self.enough.wait()


async def test_every_client_sees_every_event_once_and_in_order(servers_folder: Path) -> None:
    chance, began = random.Random(SEED), time.monotonic()
    print(f"seed {SEED}, {RECONNECTS} reconnects (REPRISE_CHAOS_SEED, REPRISE_CHAOS_RECONNECTS)", file=sys.stderr)
    async with cluster(servers_folder / "streams", roles=("api", "relay")) as processes, processes.log() as store:
        sessions = Sessions(store, await begin_sessions(store, SESSIONS + 1), chance)
        *usual, busy = sessions.versions
        (url,) = processes.urls()
        watchers = [kind(url, str(session)) for session in usual for kind in KINDS]
        narrow = [kind(url, str(busy), narrow=True) for kind in KINDS]
        try:
            async with asyncio.timeout(PATIENCE + RECONNECTS), asyncio.TaskGroup() as tasks:
                tasks.create_task(sessions.keep_appending(usual))
                leaving = [tasks.create_task(keep_leaving(each, sessions)) for each in watchers]
                overwhelming = tasks.create_task(overwhelm(narrow, sessions, busy))
                await break_nats(processes, watchers)
                await until(watchers, RECONNECTS)
                await overwhelming
                sessions.enough.set()
                await asyncio.gather(*leaving)
            for watcher in (*watchers, *narrow):
                await check(watcher, sessions)
        except BaseException as fault:
            fault.add_note("\n".join([f"seed {SEED}", *map(str, (*watchers, *narrow))]))
            raise
    print("\n".join(map(str, (*watchers, *narrow))), f"{time.monotonic() - began:.1f} s", file=sys.stderr)
    assert all(each.resyncs for each in narrow)


async def keep_leaving(watcher: Watcher, sessions: Sessions) -> None:
    """Visit a session and leave after some events or some time, until it was enough."""
    chance = sessions.chance
    while not sessions.enough.is_set():
        most = len(watcher.seen) + chance.choice(MOST_EVENTS)
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, LONGEST_VISIT)), aclosing(watcher.visit()) as visit:
                async for _ in visit:
                    if len(watcher.seen) >= most:
                        break


async def overwhelm(watchers: Sequence[Watcher], sessions: Sessions, session: UUID) -> None:
    """Append more than is kept for watchers that do not read for a while, and have each told to come back."""
    async with asyncio.TaskGroup() as tasks:
        stalled = asyncio.Barrier(len(watchers) + 1)
        for watcher in watchers:
            tasks.create_task(_stall(watcher, stalled))
        await stalled.wait()
        last = await sessions.append(session, BURST, LARGE)
        await _read_to(type(watchers[1])(watchers[1].url, str(session)), last)  # by now it was handed out
        await stalled.wait()


async def _stall(watcher: Watcher, stalled: asyncio.Barrier) -> None:
    async with aclosing(watcher.visit()) as visit:
        await anext(visit)
        await stalled.wait()
        await stalled.wait()
        async for _ in visit:
            continue


async def _read_to(watcher: Watcher, last: int) -> None:
    while not watcher.after.endswith(f":{last}"):
        async with aclosing(watcher.visit()) as visit:
            async for position in visit:
                if position.endswith(f":{last}"):
                    break


async def break_nats(processes: Cluster, watchers: Sequence[Watcher]) -> None:
    """Kill NATS and start it again, and then once more without what it had stored."""
    for store_is_lost, reconnects in ((False, RECONNECTS // 3), (True, 2 * RECONNECTS // 3)):
        await until(watchers, reconnects)
        os.kill(processes.nats.pid, signal.SIGKILL)
        if store_is_lost:
            shutil.rmtree(processes.nats.home / "jetstream")
        await processes.nats.restart()


async def until(watchers: Sequence[Watcher], reconnects: int) -> None:
    """Wait until clients have come back so often in all."""
    while sum(each.visits - 1 for each in watchers) < reconnects:  # noqa: ASYNC110 - of many, any
        await asyncio.sleep(0.02)


async def check(watcher: Watcher, sessions: Sessions) -> None:
    """Read to the end of a session, and hold what a client saw in all its visits against the log."""
    rows = await sessions.store.read_stream(UUID(watcher.session))
    await _read_to(watcher, rows[-1].id)
    log = await sessions.store.log_id()
    assert watcher.seen == [f"{log}:{row.id}" for row in rows], f"{type(watcher).__name__} on {watcher.session}"
