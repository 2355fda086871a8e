"""Keep the newest events in memory, bounded by count and bytes, and wake whoever waits for more."""

import asyncio
from collections.abc import Sequence

from projections.ports import Recorded

MOST_EVENTS = 4_096
MOST_BYTES = 32 << 20


class Newest:
    """Hold events of dense positions up to ``end``."""

    def __init__(self) -> None:
        self.end = 0
        self.from_stream = 0
        self._events: list[Recorded] = []
        self._bytes = 0
        self._news = asyncio.Event()

    def restart(self, end: int) -> None:
        """Forget everything and go on behind a position."""
        self.end, self._events, self._bytes = end, [], 0
        self._tell()

    def add(self, events: Sequence[Recorded], *, streamed: bool = False) -> None:
        """Add the next events."""
        if not events:
            return
        self._events += events
        self._bytes += sum(len(event.state) for event in events)
        self.end = events[-1].position
        self.from_stream += len(events) if streamed else 0
        if len(self._events) > 2 * MOST_EVENTS or self._bytes > 2 * MOST_BYTES:
            self._trim()
        self._tell()

    def behind(self, position: int) -> Sequence[Recorded] | None:
        """Return what is behind a position, None where that goes further back than memory."""
        missing = self.end - position
        if missing > len(self._events):
            return None
        return self._events[len(self._events) - missing :]

    async def wait(self, seconds: float) -> bool:
        """Wait for more events; tell whether some came in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _trim(self) -> None:
        while len(self._events) > MOST_EVENTS or self._bytes > MOST_BYTES:
            half = max(1, len(self._events) // 2)
            self._bytes -= sum(len(event.state) for event in self._events[:half])
            del self._events[:half]
