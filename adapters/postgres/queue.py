"""Queue appends on their way to the log, bounded by events and bytes, and take them in flushes."""

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from commands.ports import LogEvent
from domain.errors import Conflict, TooLarge

MAX_EVENT_BYTES = 512 * 1024
FLUSH_EVENTS, FLUSH_BYTES = 2_000, 4 << 20
QUEUE_EVENTS, QUEUE_BYTES = 20_000, 64 << 20
# What a row weighs beside its state: ids, names, lengths.
_ROW_BYTES = 256


@dataclass(slots=True, eq=False)
class Append:
    """Hold one append, all or nothing, with everything that no other append of its flush may touch."""

    events: Sequence[LogEvent]
    touched: frozenset[Hashable]
    size: int
    position: asyncio.Future[int]


def new_append(events: Sequence[LogEvent]) -> Append:
    """Prepare events for the queue; raise TooLarge, or Conflict where a stream's versions have a gap."""
    heads: dict[UUID, int] = {}
    commands: list[Hashable] = []
    size = 0
    for event in events:
        _check(event, heads)
        size += len(event.state) + _ROW_BYTES
        if event.command_id is not None:
            commands.append((event.tenant, event.command_id))
    return Append(events, frozenset([*heads, *commands]), size, asyncio.get_running_loop().create_future())


def _check(event: LogEvent, heads: dict[UUID, int]) -> None:
    stream, version = cast(UUID, event.originator_id), event.originator_version
    if len(event.state) > MAX_EVENT_BYTES:
        raise TooLarge(
            f"An event may have {MAX_EVENT_BYTES} bytes, but {event.topic} of stream {stream} has "
            f"{len(event.state)}. Store its large values as blobs."
        )
    if heads.setdefault(stream, version - 1) != version - 1:
        raise Conflict(
            f"Expected version {heads[stream] + 1} of stream {stream} next in the append, but version "
            f"{version} came. Number the events of a stream consecutively."
        )
    heads[stream] = version


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
