"""Stream a session's events as they are recorded: server-sent events, resumed by position without a gap."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast
from uuid import UUID

from api.positions import outside
from api.services import Services
from domain.errors import Unavailable, WrongLog
from projections.ports import Recorded

RETRY_MS = 1_000


async def session_stream(services: Services, log_id: str, session: UUID, after: int) -> AsyncGenerator[bytes, None]:
    """Yield a session's events behind a position, first from the log, then live, with heartbeats; never ends.

    Whoever stops reading closes this generator, and with it everything it holds. It is read at the pace of the
    client: nothing is queued here.
    """
    async with services.live_streams:
        yield f"retry: {RETRY_MS}\n\n".encode()
        # The head is read first: what is recorded of this session up to it, read_stream gives; the rest follows.
        position = max(after, await services.shell.store.head())
        for row in await services.shell.store.read_stream(session):
            if row.id > after:
                yield message(outside(log_id, row.id), row.topic, row.state)
                position = max(position, row.id)
        async for chunk in _live(services, log_id, session, position):
            yield chunk


async def _live(services: Services, log_id: str, session: UUID, position: int) -> AsyncGenerator[bytes, None]:
    spoken = time.monotonic()
    try:
        async with aclosing(follow(services, session, position)) as batches:
            async for batch in batches:
                for event in batch:
                    yield message(outside(log_id, event.position), event.topic, event.state)
                    spoken = time.monotonic()
                if time.monotonic() - spoken >= services.heartbeat:
                    yield b": heartbeat\n\n"
                    spoken = time.monotonic()
    except WrongLog:
        # The client comes back with a position of the old log and is told by a problem.
        return


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
