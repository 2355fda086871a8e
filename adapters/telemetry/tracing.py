"""Export each span from the process that appended the event which closed it; no append waits for that.

A session's trace is followed as its events are appended here. Where another process wrote in between, the log is read
from there on. What cannot be delivered in time is dropped and counted: the log can tell it again.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from commands.ports import Appended, LogNotification
from domain.envelope import Event
from domain.errors import Unavailable
from domain.session.events import SessionEvent
from domain.upcasting import Unknown, read_session
from projections.spans import Span
from projections.traces import Trace

LOGGER = logging.getLogger("reprise.tracing")
GATHER_SECONDS = 0.5
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 5.0
BATCH_SPANS = 512
MOST_SPANS = 8_192
MOST_TRACES = 2_000
MOST_BEHIND = 10_000


class Log(Protocol):
    """Read the log."""

    async def read_stream(self, stream: UUID, after: int = 0) -> list[LogNotification]:
        """Read a stream's events behind version ``after``, in order; raises Unavailable."""
        ...


class Exporter(Protocol):
    """Deliver spans."""

    def export(self, spans: Sequence[Span]) -> bool:
        """Deliver spans and tell whether they arrived; called in a thread, may block for a few seconds."""
        ...


class Tracing:
    """Follow what ``worker``, this process, appends; spans are counted by what became of them."""

    def __init__(self, log: Log, exporter: Exporter, worker: str):
        self.exported = self.failed = self.dropped = 0
        self._log, self._exporter, self._worker = log, exporter, worker
        self._traces: OrderedDict[UUID, Trace] = OrderedDict()
        self._behind: dict[UUID, list[range]] = {}
        self._spans: deque[Span] = deque()
        self._news = asyncio.Event()

    def heard(self, appended: Appended) -> None:
        """Hear of an append of this process: follow it at once, or note that the log has to be read for it."""
        session, after = appended.session, appended.after
        trace = self._traces.get(session) or Trace(session)
        if session in self._behind or trace.version != after or not appended.events:
            self._fall_behind(session, range(after + 1, after + len(appended.events) + 1))
        else:
            self._queue(trace.take(appended.events))
            self._keep(session, trace)

    def _fall_behind(self, session: UUID, ours: range) -> None:
        if session not in self._behind and len(self._behind) >= MOST_BEHIND:
            self.dropped += 1
            return
        self._behind.setdefault(session, []).append(ours)
        self._news.set()

    def _keep(self, session: UUID, trace: Trace) -> None:
        self._traces[session] = trace
        self._traces.move_to_end(session)
        if len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)

    def _queue(self, spans: Sequence[Span]) -> None:
        room = MOST_SPANS - len(self._spans)
        self.dropped += max(0, len(spans) - room)
        self._spans.extend(spans[:room])
        if spans:
            self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            try:
                await self._deliver()
            except Unavailable as fault:
                LOGGER.info("Traces wait for the log: %s", fault)
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()
            except Exception:  # what comes next may be delivered all the same
                LOGGER.exception("Traces could not be delivered.")

    async def close(self) -> None:
        """Deliver what is left, for a few seconds at most."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._deliver()
        except (TimeoutError, Unavailable):
            self.dropped += len(self._spans)
            LOGGER.warning("Traces were not delivered in time: %d spans are dropped.", len(self._spans))

    async def _deliver(self) -> None:
        for session in list(self._behind):
            await self._catch_up(session)
        while self._spans:
            batch = [self._spans.popleft() for _ in range(min(BATCH_SPANS, len(self._spans)))]
            if await asyncio.to_thread(self._exporter.export, batch):
                self.exported += len(batch)
            else:
                self._note_failure(len(batch))

    def _note_failure(self, spans: int) -> None:
        if not self.failed:  # once; how many there were is counted
            LOGGER.warning("Traces do not arrive where REPRISE_OTLP__ENDPOINT says: their spans are dropped.")
        self.failed += spans

    async def _catch_up(self, session: UUID) -> None:
        """Read on from where a trace stands; what others closed is theirs to export."""
        trace = self._traces.get(session) or Trace(session)
        followed = trace.version > 0
        rows = await self._log.read_stream(session, after=trace.version)
        ours = self._behind.pop(session)  # with what was heard while the log was read
        for row in rows:
            event = _read(row)
            closed = trace.take([event])
            # An append of ours whose answer was lost is known by its actor, unless it may have been told before.
            by_us = followed and event is not None and event.actor.id == self._worker
            if by_us or any(row.originator_version in each for each in ours):
                self._queue(closed)
        self._keep(session, trace)
        if rows and (later := [each for each in ours if each.stop - 1 > trace.version]):
            self._behind[session] = later + self._behind.get(session, [])
            self._news.set()


def _read(row: LogNotification) -> Event[SessionEvent] | None:
    try:
        event = read_session(row.topic, row.state)
    except msgspec.DecodeError:
        LOGGER.warning(
            "Event %d of session %s cannot be read for its trace.", row.originator_version, row.originator_id
        )
        return None
    return None if isinstance(event, Unknown) else event
