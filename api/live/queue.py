"""Hold what one reader has not taken yet, bounded by count and bytes."""

import asyncio
from collections.abc import Sequence

import msgspec

from projections.ports import Recorded


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Say how far a reader may lag behind; a single event always fits."""

    events: int
    bytes: int


class Queue:
    """Take events from the dispatcher until they are too many; then hold none, and no more come."""

    def __init__(self, since: int, limits: Limits):
        self.since = since
        self.overflowed = False
        self._fault: Exception | None = None
        self._limits = limits
        self._events: list[Recorded] = []
        self._bytes = 0
        self._news = asyncio.Event()

    def put(self, event: Recorded) -> None:
        """Add an event, or drop everything where the reader is too slow."""
        if self.overflowed:
            return
        self._events.append(event)
        self._bytes += len(event.state)
        count = len(self._events)
        if count > self._limits.events or (count > 1 and self._bytes > self._limits.bytes):
            self.overflowed, self._events = True, []
        self._news.set()

    def end(self, fault: Exception) -> None:
        """Tell the reader why nothing more comes; it takes what is here first."""
        self._fault = fault
        self._news.set()

    async def take(self, after: int, seconds: float) -> Sequence[Recorded] | None:
        """Return what came behind a position, nothing after so many seconds, None where it was too much.

        Raises the fault behind the last event.
        """
        if not self._news.is_set():
            await self._wait(seconds)
        if self.overflowed:
            return None
        events, self._events, self._bytes = self._events, [], 0
        if not self._fault:
            self._news.clear()
        elif not events:
            raise self._fault
        return [event for event in events if event.position > after]

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
