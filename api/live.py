"""Stream a session's events as they are recorded: server-sent events, resumed by position without a gap."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import cast
from uuid import UUID

from api.positions import outside
from api.services import Services
from domain.errors import Unavailable, WrongLog
from projections.ports import Recorded

RETRY_MS = 1_000


async def session_stream(services: Services, log_id: str, session: UUID, after: int) -> AsyncGenerator[bytes, None]:
    """Yield a session's events behind a position, the recorded ones and then each new one, with heartbeats.

    Whoever stops reading closes this generator, and with it everything it holds. It is read at the pace of the
    client: nothing is queued here.
    """
    spoken = time.monotonic()
    async with services.live_streams, aclosing(follow(services, session, after)) as batches:
        yield f"retry: {RETRY_MS}\n\n".encode()
        # Where the log was replaced or Postgres is away the stream ends: the client comes back with its position,
        # and a problem tells it which of the two it was.
        with suppress(WrongLog, Unavailable):
            async for batch in batches:
                for event in batch:
                    yield message(outside(log_id, event.position), event.topic, event.state)
                    spoken = time.monotonic()
                if time.monotonic() - spoken >= services.heartbeat:
                    yield b": heartbeat\n\n"
                    spoken = time.monotonic()


def follow(services: Services, session: UUID, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
    """Follow one session; close the generator when done, so that nothing waits for a garbage collector."""
    return cast(AsyncGenerator[Sequence[Recorded], None], services.follower.follow(after, stream=session))


def message(position: str, topic: str, state: bytes) -> bytes:
    """Return one server-sent event; stored events are one line of JSON."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (position.encode(), topic.encode(), state)


def check_room(services: Services) -> None:
    """Raise Unavailable where as many streams are open as this process serves."""
    if services.live_streams.locked():
        raise Unavailable("Expected room for one more live stream, but all are taken: close some, or try again later.")
