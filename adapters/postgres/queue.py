"""Queue appends on their way to the log, bounded by events and bytes, and take them in flushes."""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from typing import cast
from uuid import UUID

from commands.ports import LogEvent
from domain.errors import Conflict, TooLarge

MAX_EVENT_BYTES = 512 * 1024
FLUSH_EVENTS, FLUSH_BYTES = 1_000, 4 << 20
QUEUE_EVENTS, QUEUE_BYTES = 20_000, 64 << 20
# What a row weighs beside its state: ids, names, lengths.
_ROW_BYTES = 256


@dataclass(slots=True, eq=False)
class Append:
    """Hold one append, all or nothing, with everything that no other append of its flush may touch."""

    events: Sequence[LogEvent]
    touched: Set[Hashable]
    size: int
    position: asyncio.Future[int]


def new_append(events: Sequence[LogEvent]) -> Append:
    """Prepare events for the queue; raise TooLarge, or Conflict where a stream's versions have a gap."""
    touched: set[Hashable] = set(heads_behind(events))
    size = 0
    for event in events:
        size += len(event.state) + _ROW_BYTES
        if event.command_id is not None:
            touched.add((event.tenant, event.command_id))
    return Append(events, touched, size, asyncio.get_running_loop().create_future())


def heads_behind(events: Sequence[LogEvent]) -> dict[UUID, int]:
    """Return the head of every stream behind these events; raise TooLarge, or Conflict at a gap."""
    heads: dict[UUID, int] = {}
    for stream, run in groupby(events, _stream):
        heads[stream] = _head_behind(run, heads.get(stream))
    return heads


def _stream(event: LogEvent) -> UUID:
    return cast(UUID, event.originator_id)


def _head_behind(run: Iterable[LogEvent], head: int | None) -> int:
    """Return the version of a run's last event, its first one being right behind ``head``."""
    for event in run:
        if len(event.state) > MAX_EVENT_BYTES:
            raise TooLarge(
                f"Expected at most {MAX_EVENT_BYTES} bytes an event, but {event.topic} of stream "
                f"{event.originator_id} has {len(event.state)}. Store its large values as blobs."
            )
        if head is not None and event.originator_version != head + 1:
            raise Conflict(
                f"Expected version {head + 1} of stream {event.originator_id} next in the append, but version "
                f"{event.originator_version} came. Number the events of a stream consecutively."
            )
        head = event.originator_version
    return head or 0


class AppendQueue:
    """Hand appends to the writers; who puts more than fits waits.

    No two appends that are under way touch the same stream or command id, and none overtakes another that does. So
    flushes may reach the log in any order.
    """

    def __init__(self) -> None:
        self._waiting: deque[Append] = deque()
        self._events = self._bytes = 0
        self._touched: set[Hashable] = set()
        self._changed, self._room = asyncio.Event(), asyncio.Event()

    async def put(self, append: Append) -> None:
        """Queue an append as soon as there is room."""
        while self._waiting and (
            self._events + len(append.events) > QUEUE_EVENTS or self._bytes + append.size > QUEUE_BYTES
        ):
            self._room.clear()
            await self._room.wait()
        self._waiting.append(append)
        self._count(append, 1)
        self._changed.set()

    async def take(self) -> list[Append]:
        """Take the next flush: whatever waits if nothing is under way, else a full one."""
        while True:
            if (not self._touched or self._events >= FLUSH_EVENTS) and (taken := self._take()):
                return taken
            self._changed.clear()
            await self._changed.wait()

    def done(self, appends: Sequence[Append]) -> None:
        """Note that a flush is no longer under way."""
        for append in appends:
            self._touched -= append.touched
        self._changed.set()

    def take_all(self) -> list[Append]:
        """Take everything that waits."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._events = self._bytes = 0
        self._room.set()
        return taken

    def _take(self) -> list[Append]:
        taken: list[Append] = []
        later: list[Append] = []
        barred = set(self._touched)
        events = size = 0
        while self._waiting and len(later) < FLUSH_EVENTS:
            append = self._waiting[0]
            if taken and (events + len(append.events) > FLUSH_EVENTS or size + append.size > FLUSH_BYTES):
                break
            self._waiting.popleft()
            if append.position.done():  # its caller was cancelled before anything was sent
                self._count(append, -1)
            elif barred.isdisjoint(append.touched):
                taken.append(append)
                events += len(append.events)
                size += append.size
                self._count(append, -1)
                self._touched |= append.touched
            else:
                later.append(append)
            barred |= append.touched
        self._waiting.extendleft(reversed(later))
        self._room.set()
        return taken

    def _count(self, append: Append, sign: int) -> None:
        self._events += sign * len(append.events)
        self._bytes += sign * append.size
