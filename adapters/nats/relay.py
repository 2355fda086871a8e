"""Mirror the log into JetStream, where a message's sequence is the event's position.

Nothing is stored about how far the relay came: that is the stream's last sequence. The first message of every
batch names the sequence it must follow, so that of two relays one is refused and nothing is published twice.
"""

import asyncio
import logging
from typing import Protocol
from uuid import UUID

from nats.aio.client import Client

from adapters.nats.connection import FAULTS, heed_cancellation
from adapters.nats.events_stream import EventsStream, Mirror, Overtaken, Settings, batches
from commands.ports import LogNotification
from domain.errors import Unavailable

LOGGER = logging.getLogger("reprise.relay")
READ_EVENTS = 1_000
POLL_SECONDS = 0.25
PROBE_SECONDS = 5.0
STANDBY_SECONDS = 1.0
PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0)


class Log(Protocol):
    """Read the log, wait for more of it, and give it another id when its history was replaced."""

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

    async def renew_log_id(self) -> str:
        """Give the log another random id and return it."""
        ...


class Relay:
    """Publish every event of the log, in order, once; recover by itself from whatever either side loses."""

    def __init__(self, log: Log, client: Client, settings: Settings | None = None):
        self._log = log
        self._client = client
        self._stream = EventsStream(client, settings or Settings())
        self.position = 0
        self._last: UUID | None = None

    async def run(self) -> None:
        """Mirror until cancelled."""
        failures = 0
        while True:
            heed_cancellation()
            try:
                await self._mirror()
            except Overtaken:
                failures = 0
                await self._stand_by()
            except (*FAULTS, Unavailable) as fault:
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                if failures in (1, 10, 100):
                    LOGGER.warning("The relay stopped at position %d: %s. It tries again.", self.position, _said(fault))
                await asyncio.sleep(pause)

    async def _mirror(self) -> None:
        """Agree with the stream, then publish until the connection or the agreement may be gone."""
        connection = self._client.stats["reconnects"]
        log_id = await self._agree()
        loop = asyncio.get_running_loop()
        probe = loop.time() + PROBE_SECONDS
        while self._client.stats["reconnects"] == connection and loop.time() < probe:
            events = await self._next()
            if events is None:
                return
            for batch in batches(events):
                await self._stream.publish(batch, log_id)
                self.position, self._last = batch[-1].id, batch[-1].event_id
            if not events:
                await self._log.wait_for_commit(self.position, POLL_SECONDS)

    async def _next(self) -> list[LogNotification] | None:
        """Read on behind the last published event; None where the log no longer has it, so that it was replaced."""
        if not self.position:
            return await self._log.read_log(0, READ_EVENTS)
        events = await self._log.read_log(self.position - 1, READ_EVENTS + 1)
        return events[1:] if events and events[0].event_id == self._last else None

    async def _agree(self) -> str:
        """Make the stream mirror this log, take its last sequence as our position, and return the log's id."""
        mirror = await self._stream.look()
        # The order matters: the stream cannot be ahead of a head that is read later.
        log_id, head = await self._log.log_id(), await self._log.head()
        if mirror is None:
            LOGGER.info("No stream %s: the relay creates it.", self._stream.settings.name)
        elif mirror.log_id != log_id:
            LOGGER.warning("The stream mirrors log %s, but this is %s: it is rebuilt.", mirror.log_id, log_id)
        elif difference := await self._difference(mirror, head):
            log_id = await self._log.renew_log_id()
            LOGGER.warning("%s: the log was replaced. It is now %s, the stream is rebuilt.", difference, log_id)
        else:
            await self._start_behind(mirror.last)
            return log_id
        await self._stream.delete()
        heed_cancellation()
        await self._start_behind(max(0, head - self._stream.settings.refill))
        await self._stream.create(log_id, self.position + 1)
        return log_id

    async def _start_behind(self, position: int) -> None:
        events = await self._log.read_log(position - 1, 1) if position else []
        self.position, self._last = position, events[0].event_id if events else None

    async def _difference(self, mirror: Mirror, head: int) -> str:
        if mirror.last > head:
            return f"The stream ends at {mirror.last}, the log at {head}"
        if not mirror.event_id:
            return ""
        events = await self._log.read_log(mirror.last - 1, 1)
        if events and events[0].event_id.hex == mirror.event_id:
            return ""
        return f"At position {mirror.last} the stream has event {mirror.event_id}, the log another"

    async def _stand_by(self) -> None:
        """Wait while another relay keeps the stream at the log's head; return when it no longer does."""
        LOGGER.info("Another relay publishes: this one stands by.")
        last = -1
        while True:
            await asyncio.sleep(STANDBY_SECONDS)
            mirror, head = await self._stream.look(), await self._log.head()
            if mirror is None or (mirror.last < head and mirror.last == last):
                LOGGER.info("The other relay has stopped: this one takes over.")
                return
            heed_cancellation()
            last = mirror.last


async def lag(log: Log, client: Client, settings: Settings | None = None) -> int:
    """Return how many events of the log are not in the stream yet; raises Unavailable."""
    try:
        mirror = await EventsStream(client, settings or Settings()).look()
    except FAULTS as fault:
        raise Unavailable(f"Expected NATS to answer, but: {_said(fault)}.") from fault
    return max(0, await log.head() - (mirror.last if mirror else 0))


def _said(fault: BaseException) -> str:
    return str(fault) or type(fault).__name__
