"""Hand the log's newest events to every reader of a session or of a tenant, from one follower a process.

A reader joins first, then reads from Postgres what lies behind its position, then takes from its queue what came since:
no gap and no repeat, wherever it begins. One that is far behind has no queue; one that cannot keep up loses it, and is
told from where to come back.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TypeAlias
from uuid import UUID

import msgspec

from api.live.history import History
from api.live.queue import Limits, Queue
from api.positions import check_reached
from domain.errors import Unavailable, WrongLog
from projections.ports import Follower, Recorded

LOGGER = logging.getLogger("reprise.live")
MARK_SECONDS = 1.0
PAUSE_SECONDS = 0.2
READY_SECONDS = 5.0
PAGE_EVENTS = 500
PAGE_BYTES = 256 << 10
"""Bounds what each client that does not read holds of the past."""
WINDOW_POSITIONS = 5_000
HAND_OUT_EVENTS = 500
SESSION_LIMITS = Limits(events=512, bytes=512 << 10)
TENANT_LIMITS = Limits(events=4_096, bytes=4 << 20)


class Resync(msgspec.Struct, frozen=True, kw_only=True):
    """Say that this reader was too slow, as its last item: it may come back with this position."""

    after: int


Batch: TypeAlias = Sequence[Recorded] | Resync
_Page: TypeAlias = Callable[[int, int], Awaitable[tuple[Sequence[Recorded], int]]]
"""Reads behind a position, and tells how far that reached: at least to the second one where it was all."""


class Feeds:
    """Follow the log once for all readers; `run` must be running, and whatever ends it, every reader hears of it."""

    def __init__(self, follower: Follower, history: History):
        self._follower = follower
        self._history = history
        self._queues: defaultdict[UUID | str, set[Queue]] = defaultdict(set)
        self._log_id = ""
        self._position = 0
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Hand out what is recorded, until cancelled."""
        try:
            while True:
                try:
                    await self._hand_out()
                except (WrongLog, Unavailable) as known:
                    self._end(known)
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._end(Unavailable("Expected live streams, but they end here: connect again with your position."))

    def session(self, session: UUID, after: int, *, log_id: str = "") -> AsyncGenerator[Batch]:
        """Yield the events of a session behind a position in batches; an empty one marks time, about once a second.

        ``log_id`` names the log of ``after``, where the caller read it a moment ago. The first batch comes at once, and
        may be empty: what is wrong with the position is raised in its place. Raises Invalid for a position beyond the
        head, WrongLog where the log is or was replaced, Unavailable. Close the generator when done.
        """

        async def page(position: int, since: int) -> tuple[Sequence[Recorded], int]:
            rows = await self._history.read_session(session, position, PAGE_EVENTS, PAGE_BYTES)
            return rows, rows[-1].position if len(rows) == PAGE_EVENTS or _is_full(rows) else since

        return self._follow(session, after, log_id, page, SESSION_LIMITS)

    def tenant(self, tenant: str, after: int, *, log_id: str = "") -> AsyncGenerator[Batch]:
        """Yield the events of all sessions of a tenant behind a position, like `session`."""

        async def page(position: int, since: int) -> tuple[Sequence[Recorded], int]:
            until = position + WINDOW_POSITIONS
            rows = await self._history.read_tenant(tenant, position, until, PAGE_BYTES)
            return rows, rows[-1].position if _is_full(rows) else until

        return self._follow(tenant, after, log_id, page, TENANT_LIMITS)

    async def _follow(
        self, key: UUID | str, after: int, log_id: str, page: _Page, limits: Limits
    ) -> AsyncGenerator[Batch]:
        ours = await self._check(after, log_id)
        while True:
            await self._until_ready()
            with self._joined(key, limits) as queue:
                rows, reached = await page(after, queue.since)
                await self._same(ours)
                if reached >= queue.since:
                    # The page is let go of with its batch: a reader that keeps up holds nothing of the past.
                    batch: Sequence[Recorded] | None = rows
                    rows = ()
                    while batch is not None:
                        yield batch
                        after = batch[-1].position if batch else after
                        batch = await queue.take(after, MARK_SECONDS)
                    yield Resync(after=after)
                    return
            # Still far behind: nothing is kept for a reader before it is near the end.
            yield rows
            after = reached

    async def _check(self, after: int, log_id: str) -> str:
        """Return the id of the log that is followed; raise Invalid, WrongLog, Unavailable."""
        await self._until_ready()
        await self._same(log_id or self._log_id)
        if after > self._position:
            check_reached(after, await self._history.head())
        return self._log_id

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not self._ready.is_set():
                    await self._ready.wait()
        except TimeoutError as fault:
            raise Unavailable("Expected the log to be followed, but it cannot be reached now: try again.") from fault

    async def _same(self, theirs: str) -> None:
        """Raise WrongLog where the log is another than the reader's, Unavailable where we do not follow it yet."""
        current = await self._history.log_id()
        if current != theirs:
            raise WrongLog(f"Log {theirs} was replaced by {current}: start again from its beginning.")
        if current != self._log_id:
            raise Unavailable("Expected to follow the log, but it was replaced a moment ago: try again.")

    @contextmanager
    def _joined(self, key: UUID | str, limits: Limits) -> Iterator[Queue]:
        """Keep what is handed out behind the present position, until the block ends."""
        queue = Queue(self._position, limits)
        self._queues[key].add(queue)
        try:
            yield queue
        finally:
            if queues := self._queues.get(key):
                queues.discard(queue)
                if not queues:
                    del self._queues[key]

    async def _hand_out(self) -> None:
        self._log_id, self._position = await self._begin()
        self._ready.set()
        async with aclosing(self._follower.follow(self._position)) as batches:
            async for batch in batches:
                for start in range(0, len(batch), HAND_OUT_EVENTS):
                    self._put(batch[start : start + HAND_OUT_EVENTS])
                    await asyncio.sleep(0)  # let readers take before more comes

    async def _begin(self) -> tuple[str, int]:
        """Return the log and where it ends, once the follower and Postgres agree which log it is."""
        head, current = await self._history.head(), await self._history.log_id()
        if await self._follower.log_id() != current:
            raise WrongLog("The log was replaced, and its follower has not noticed yet.")
        return current, head

    def _put(self, events: Sequence[Recorded]) -> None:
        for event in events:
            for queue in self._queues.get(event.stream, ()):
                queue.put(event)
            if event.topic.startswith("session."):
                for queue in self._queues.get(event.tenant, ()):
                    queue.put(event)
        self._position = events[-1].position

    def _end(self, fault: Exception) -> None:
        """Tell all readers why nothing more comes, and admit no others until the log is followed again."""
        self._ready.clear()
        queues, self._queues = self._queues, defaultdict(set)
        for queue in (queue for each in queues.values() for queue in each):
            queue.end(fault)


def _is_full(rows: Sequence[Recorded]) -> bool:
    return sum(len(row.state) for row in rows) >= PAGE_BYTES
