"""Look at a NATS server that may be in any state, and wait for nothing longer than a few seconds."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adapters.nats.connection import FAULTS, connect, jetstream
from adapters.nats.events_stream import EventsStream, Settings
from adapters.nats.wakeups import Queue
from domain.errors import Unavailable

ANSWER_SECONDS = 2.0
PORT = 4222


async def greeting(url: str) -> dict[str, Any]:
    """Return what the server says to whoever connects, before it asks who that is; raise OSError, TimeoutError."""
    where = urlsplit(url)
    async with asyncio.timeout(ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(where.hostname, where.port or PORT)
        try:
            line = await reader.readline()
        finally:
            writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    if not line.startswith(b"INFO "):
        raise ConnectionError(f"what answers does not speak NATS: {line[:50]!r}")
    found: dict[str, Any] = json.loads(line.removeprefix(b"INFO "))
    return found


class NatsHealth:
    """Look at what JetStream holds; raises Unavailable."""

    def __init__(self, client: Client):
        self._client = client

    async def mirror(self) -> tuple[str, int] | None:
        """Return which log the stream of events mirrors and up to which position, None where there is no stream."""
        try:
            found = await EventsStream(self._client, Settings()).look()
        except FAULTS as fault:
            raise Unavailable(f"Expected JetStream to answer, but: {fault!r}.") from fault
        return (found.log_id, found.last) if found else None

    async def waiting(self, lanes: Iterable[str]) -> set[str]:
        """Return those lanes whose wake-ups somebody waits for, or has in hand."""
        return {lane for lane in lanes if await self._waits(lane)}

    async def _waits(self, lane: str) -> bool:
        try:
            found = await jetstream(self._client).consumer_info(Queue().name, f"lane-{lane}")
        except NotFoundError:
            return False
        except FAULTS as fault:
            raise Unavailable(f"Expected JetStream to answer, but: {fault!r}.") from fault
        return bool(found.num_waiting or found.num_ack_pending)


@asynccontextmanager
async def open_health(url: str) -> AsyncIterator[NatsHealth]:
    """Connect; raise Unavailable."""
    client = await connect(url, "doctor", ANSWER_SECONDS)
    try:
        yield NatsHealth(client)
    finally:
        with suppress(*FAULTS):
            async with asyncio.timeout(ANSWER_SECONDS):
                await client.close()
