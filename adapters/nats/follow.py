"""Follow the log over JetStream, for as many readers as there are, and over Postgres where JetStream fails.

One consumer a process keeps the newest events in memory. A reader that is further back reads the log from Postgres by
position until it reaches them. Each message must be the next position: after a gap, a rewind, a lost store, or while
NATS is down, the newest events come from Postgres too, and the stream is joined again as soon as it fits.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Protocol

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from adapters.nats.connection import FAULTS, heed_cancellation, jetstream
from adapters.nats.events_stream import LOG_ID, Settings
from adapters.nats.messages import from_log, from_message
from adapters.nats.newest import Newest
from adapters.nats.pulling import Lost, pull
from commands.ports import LogNotification
from domain.errors import Unavailable, WrongLog
from projections.ports import Recorded

LOGGER = logging.getLogger("reprise.follow")
READ_EVENTS = 1_000
PULL_MESSAGES = 500
SILENCE_SECONDS = 0.5
JOIN_AGAIN_SECONDS = 1.0
MARK_SECONDS = 1.0


class Log(Protocol):
    """Read the log from Postgres."""

    async def read_log(self, after: int, limit: int) -> list[LogNotification]:
        """Read at most ``limit`` events behind position ``after``, in order."""
        ...

    async def wait_for_commit(self, after: int, timeout: float) -> bool:
        """Wait until the log may reach beyond a position, at most ``timeout`` seconds."""
        ...

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        ...

    async def log_id(self) -> str:
        """Return the log's random id."""
        ...


class Tail:
    """Keep the newest events of the log and hand them out; `run` must be running."""

    def __init__(self, log: Log, client: Client, settings: Settings | None = None):
        self._log = log
        self._client = client
        self._settings = settings or Settings()
        self._newest = Newest()
        self._log_id = ""
        self._known = asyncio.Event()

    async def run(self) -> None:
        """Keep up with the log until cancelled."""
        failures, streamed = 0, -1
        while True:
            heed_cancellation()
            try:
                await self._recognise()
                await self._join()
            except Unavailable as fault:
                LOGGER.warning("The log cannot be followed now, and is tried again: %s", fault)
                await asyncio.sleep(SILENCE_SECONDS)
            except FAULTS as fault:
                failures = 1 if self._newest.from_stream > streamed else failures + 1
                streamed = self._newest.from_stream
                if failures == 2:  # once; a single failure is usual, as before the relay has made the stream
                    LOGGER.warning("The log is followed over Postgres, because NATS fails: %s.", fault)
            await self._from_log()

    async def log_id(self) -> str:
        """Return the id of the log that is followed."""
        await self._known.wait()
        return self._log_id

    async def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Yield batches of the events behind a position; an empty batch marks time.

        Raises WrongLog when the log is replaced by another, Unavailable where Postgres is needed and away.
        """
        log_id, position = await self.log_id(), after
        while True:
            if log_id != self._log_id:
                raise WrongLog(f"Log {log_id} was replaced by {self._log_id}: start again from its beginning.")
            if position >= self._newest.end:
                if not await self._newest.wait(MARK_SECONDS):
                    yield ()
                continue
            events = self._newest.behind(position)
            if events is None:
                events = list(map(from_log, await self._log.read_log(position, READ_EVENTS)))
            if events:
                position = events[-1].position
                yield events

    async def _recognise(self) -> None:
        """Find out which log this is; a log that was replaced is followed from its present end."""
        log_id = await self._log.log_id()
        if log_id != self._log_id:
            head = await self._log.head()
            self._newest.restart(head)
            self._log_id = log_id
            self._known.set()

    async def _join(self) -> None:
        """Take the newest events from the stream until it no longer fits the log."""
        calls, name = jetstream(self._client), self._settings.name
        info = await calls.stream_info(name)
        if (info.config.metadata or {}).get(LOG_ID) != self._log_id:
            raise Lost(f"stream {name} mirrors another log")
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._newest.end + 1,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            inactive_threshold=30,
        )
        consumer = await calls.add_consumer(name, config)
        async for message in pull(self._client, name, consumer.name, batch=PULL_MESSAGES, expires=SILENCE_SECONDS):
            if message is None:
                await self._check_silence()
                continue
            event = from_message(message)
            if event.position != self._newest.end + 1:
                raise Lost(f"position {event.position} came where {self._newest.end + 1} was due")
            self._newest.add([event], streamed=True)

    async def _check_silence(self) -> None:
        await self._recognise()
        if (head := await self._log.head()) > self._newest.end:
            raise Lost(f"the stream is silent at position {self._newest.end}, but the log is at {head}")

    async def _from_log(self) -> None:
        """Take the newest events from Postgres for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + JOIN_AGAIN_SECONDS
        with suppress(Unavailable):  # the log is tried again right away, and says so itself
            while loop.time() < until:
                await self._recognise()
                rows = await self._log.read_log(self._newest.end, READ_EVENTS)
                self._newest.add(list(map(from_log, rows)))
                if not rows:
                    await self._log.wait_for_commit(self._newest.end, SILENCE_SECONDS)
