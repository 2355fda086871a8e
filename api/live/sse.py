"""Stream a session's events as server-sent events, resumed by position without a gap.

Besides events, whose type is their topic, there are two more: ``resync``, where the client was too slow, with the
position to come back with, and ``problem``. Either is the last one. Who asks for it hears ``said`` too: what a model
says while it says it, provisional, and of no position.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from api.auth import check_fresh
from api.live.feeds import Resync
from api.live.racing import until_one_ends
from api.live.seats import seat
from api.live.voices import Heard, Told, told
from api.positions import outside
from api.problems import problem_of
from api.reads import Read
from domain.errors import RepriseError
from projections.ports import Recorded

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 1_000
HEADERS = ((b"content-type", MEDIA_TYPE.encode()), (b"cache-control", b"no-store"))
HEARTBEAT = b": heartbeat\n\n"


async def session_stream(
    read: Read, session: UUID, after: int, path: str, *, tokens: bool = False
) -> AsyncGenerator[bytes]:
    """Yield the chunks of a stream; before the first one, what is wrong with the request is raised.

    ``tokens``: with what models say while they say it. Close it when done, for it holds a seat.
    """
    services = read.services
    feed = services.feeds.session(session, after, log_id=read.log_id)
    live = services.shell.live if tokens else None
    async with seat(services), aclosing(feed) as batches, services.voices.ear(live, session) as ear:
        yield f"retry: {RETRY_MS}\n\n".encode() + written(read.log_id, await anext(batches))
        spoken = time.monotonic()
        try:
            async with aclosing(told(batches, ear)) as news:
                async for batch in news:
                    check_fresh(read.principal, services.shell.clock.now())
                    silent = time.monotonic() - spoken >= services.heartbeat
                    if chunk := written(read.log_id, batch) or (HEARTBEAT if silent else b""):
                        yield chunk
                        spoken = time.monotonic()
        except RepriseError as fault:
            yield b"event: problem\ndata: %b\n\n" % msgspec.json.encode(problem_of(fault, path))


def written(log_id: str, batch: Told) -> bytes:
    """Return a batch as server-sent events; stored events are one line of JSON."""
    if isinstance(batch, Resync):
        return b"event: resync\ndata: %b\n\n" % msgspec.json.encode({"after": outside(log_id, batch.after)})
    return b"".join(_said(each) if isinstance(each, Heard) else _event(log_id, each) for each in batch)


def _event(log_id: str, each: Recorded) -> bytes:
    position = outside(log_id, each.position).encode()
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (position, each.topic.encode(), each.state)


def _said(heard: Heard) -> bytes:
    """Write a part without an id: a client that comes back does so behind its last event."""
    return b"event: said\ndata: %b\n\n" % msgspec.json.encode(heard)


class EventStream:
    """Answer with a stream that has begun: ``first`` and then the chunks of a generator, which is closed in the end.

    It stands where Litestar expects a Response: its own streams leave the generator to the garbage collector.
    """

    def __init__(self, first: bytes, chunks: AsyncGenerator[bytes]):
        self._first, self._chunks = first, chunks

    def to_asgi_response(self, **_: Any) -> ASGIApp:
        """Return what serves the stream."""
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._chunks):
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await until_one_ends(self._send(send), _gone(receive))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        self._first = b""  # a stream may be open for days, and need not hold how it began
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        continue
