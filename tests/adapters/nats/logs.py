"""Append events, run relays beside a test, and hold the stream against the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

from nats.aio.client import Client

from adapters.nats.connection import FAULTS, jetstream
from adapters.nats.events_stream import Settings
from adapters.nats.relay import Relay
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from domain.encoding import encode
from domain.session.events import SessionPaused
from domain.upcasting import topic_of
from tests.projections.histories import event_of

Dial = Callable[[], Awaitable[Client]]


def paused(stream: UUID, version: int) -> LogEvent:
    """Return a small event of a session's stream."""
    event = event_of(SessionPaused(reason=f"number {version}"))
    return LogEvent(
        originator_id=stream,
        originator_version=version,
        topic=topic_of(SessionPaused),
        state=encode(event),
        event_id=UUID(event.id),
    )


async def append(store: PostgresEventStore, count: int) -> int:
    """Append a new session's stream of ``count`` events and return the log's head."""
    stream = uuid4()
    return await store.append([paused(stream, version) for version in range(1, count + 1)])


@asynccontextmanager
async def relaying(store: PostgresEventStore, client: Client, settings: Settings | None = None) -> AsyncIterator[Relay]:
    """Run a relay for the duration of a block."""
    relay = Relay(store, client, settings)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Wait until a condition holds; the test fails after ``seconds``."""
    async with asyncio.timeout(seconds):
        while True:
            with suppress(*FAULTS):
                if await true():
                    return
            await asyncio.sleep(0.05)


async def mirrored(client: Client, name: str = "REPRISE_EVENTS") -> list[tuple[int, str]]:
    """Return sequence and event id of every message in the stream."""
    calls = jetstream(client)
    state = (await calls.stream_info(name)).state
    messages = [await calls.get_msg(name, number) for number in range(state.first_seq, state.last_seq + 1)]
    return [(message.seq or 0, (message.headers or {})["ce-id"]) for message in messages]


async def logged(store: PostgresEventStore) -> list[tuple[int, str]]:
    """Return position and event id of every event in the log."""
    return [(event.id, event.event_id.hex) for event in await store.read_log(0, 100_000)]


async def equal(store: PostgresEventStore, client: Client) -> bool:
    """Tell whether the stream holds exactly the log's events at their positions."""
    return await mirrored(client) == await logged(store)
