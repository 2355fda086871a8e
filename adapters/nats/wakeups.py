"""Hint to workers, over one work queue a lane, that a session owes something.

Losing or doubling a hint costs time, never truth: the read model ``open_work`` re-issues what was lost.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from uuid import UUID

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StreamConfig

from adapters.nats.connection import FAULTS, heed_cancellation, jetstream
from adapters.nats.messages import trace_headers
from adapters.nats.pulling import pull

LOGGER = logging.getLogger("reprise.wakeups")
RETRY_SECONDS = 0.5
EXPIRES_SECONDS = 2.0


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Configure the work queue; an unacknowledged wake-up comes again after ``ack_wait_seconds``."""

    name: str = "REPRISE_WORK"
    prefix: str = "reprise.work"
    ack_wait_seconds: float = 30.0
    max_age_seconds: float = 3_600.0
    max_messages: int = 100_000


class Wakeup:
    """Be one hint: this session, in this lane, may owe something."""

    def __init__(self, session: UUID, lane: str, message: Msg):
        self.session = session
        self.lane = lane
        self._message = message

    async def ack(self) -> None:
        """Take the hint off the queue; where that fails it comes once more, which does no harm."""
        with suppress(*FAULTS):
            await self._message.ack()

    async def in_progress(self) -> None:
        """Keep the hint from coming again for another ``ack_wait_seconds``."""
        with suppress(*FAULTS):
            await self._message.in_progress()


class NatsWakeups:
    """Send wake-ups, and pull them as a worker."""

    def __init__(self, client: Client, queue: Queue | None = None):
        self._client = client
        self._queue = queue or Queue()

    async def wake(self, session: UUID, lane: str) -> None:
        """Hint that a session owes work; never raises and never waits for an answer."""
        if not self._client.is_connected:
            return
        try:
            subject, headers = f"{self._queue.prefix}.{lane}", dict(trace_headers(session))
            await self._client.publish(subject, str(session).encode(), headers=headers)
        except FAULTS as fault:
            LOGGER.debug("A wake-up of session %s was lost: %s", session, fault)

    async def prepare(self, lanes: Sequence[str]) -> None:
        """Create the work queue and its consumers, one a lane, where they do not exist."""
        calls = jetstream(self._client)
        await calls.add_stream(
            StreamConfig(
                name=self._queue.name,
                subjects=[f"{self._queue.prefix}.*"],
                retention=RetentionPolicy.WORK_QUEUE,
                discard=DiscardPolicy.OLD,
                max_age=self._queue.max_age_seconds,
                max_msgs=self._queue.max_messages,
            )
        )
        for lane in lanes:
            await calls.add_consumer(
                self._queue.name,
                ConsumerConfig(
                    durable_name=f"lane-{lane}",
                    filter_subject=f"{self._queue.prefix}.{lane}",
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=self._queue.ack_wait_seconds,
                    max_ack_pending=10_000,
                ),
            )

    async def pull(self, lanes: Sequence[str]) -> AsyncGenerator[Wakeup]:
        """Yield wake-ups of these lanes for ever; no more than two a lane are taken ahead of their turn."""
        arrived: asyncio.Queue[Wakeup] = asyncio.Queue(maxsize=1)
        pullers = [asyncio.create_task(self._pull(lane, arrived), name=f"pull-{lane}") for lane in lanes]
        try:
            while True:
                yield await arrived.get()
        finally:
            for puller in pullers:
                puller.cancel()
            await asyncio.gather(*pullers, return_exceptions=True)

    async def _pull(self, lane: str, arrived: asyncio.Queue[Wakeup]) -> None:
        failures = 0
        while True:
            heed_cancellation()
            try:
                await self.prepare([lane])
                async for message in pull(
                    self._client, self._queue.name, f"lane-{lane}", batch=1, expires=EXPIRES_SECONDS
                ):
                    failures = 0
                    if message:
                        await self._hand_on(message, lane, arrived)
            except FAULTS as fault:
                failures += 1
                if failures in (1, 10, 100):
                    LOGGER.warning("No wake-ups in lane %s: %s. The worker tries again.", lane, fault)
                await asyncio.sleep(RETRY_SECONDS)

    async def _hand_on(self, message: Msg, lane: str, arrived: asyncio.Queue[Wakeup]) -> None:
        try:
            session = UUID(message.data.decode())
        except ValueError:
            LOGGER.warning("Dropped a wake-up in lane %s that names no session: %r", lane, message.data[:80])
            await message.term()
            return
        await arrived.put(Wakeup(session, lane, message))
