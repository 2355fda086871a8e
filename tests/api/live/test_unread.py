"""A client that never reads costs a bounded amount for a bounded time, and nobody else notices."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from commands.ports import LogEvent
from domain.encoding import encode
from domain.session.events import SessionPaused
from domain.upcasting import topic_of
from tests.api.conftest import Parts, Serve
from tests.api.live.clients import streaming
from tests.projections.histories import event_of

HEADERS = {
    "sse": "GET /sessions/{session}/events HTTP/1.1\r\nAccept: text/event-stream\r\n",
    "websocket": (
        "GET /streams/{session} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    ),
}


@asynccontextmanager
async def never_reading(client: httpx.AsyncClient, kind: str, session: str) -> AsyncIterator[socket.socket]:
    """Open a stream, and leave what comes in the socket."""
    loop, opened = asyncio.get_running_loop(), socket.socket()
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    with opened:
        await loop.sock_connect(opened, ("127.0.0.1", client.base_url.port))
        asked = HEADERS[kind].format(session=session) + "Host: localhost\r\n\r\n"
        await loop.sock_sendall(opened, asked.encode())
        yield opened


async def append(parts: Parts, session: str, number: int, size: int) -> None:
    """Append large events to a session."""
    after = (await parts.store.read_stream(UUID(session)))[-1].originator_version
    for version in range(after + 1, after + 1 + number):
        event = event_of(SessionPaused(reason="x" * size))
        row = LogEvent(
            originator_id=UUID(session),
            originator_version=version,
            topic=topic_of(SessionPaused),
            state=encode(event),
            event_id=uuid4(),
        )
        await parts.store.append([row])


@pytest.mark.parametrize("kind", HEADERS)
async def test_a_client_that_never_reads_loses_its_place(
    serve: Serve, started: dict[str, Any], parts: Parts, kind: str
) -> None:
    session, one_place = started["sessionId"], asyncio.Semaphore(1)
    await append(parts, session, 20, 100_000)
    async with asyncio.timeout(60), serve(live_streams=one_place) as client, never_reading(client, kind, session):
        while not one_place.locked():
            await client.get("/healthz")
        await one_place.acquire()


async def test_others_are_served_beside_clients_that_never_read(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    session = started["sessionId"]
    async with (
        asyncio.timeout(60),
        never_reading(client, "sse", session),
        never_reading(client, "websocket", session),
        streaming(client, session) as events,
    ):
        await append(parts, session, 20, 50_000)
        versions = [(await anext(events))["id"] for _ in range(22)]
    assert len(set(versions)) == 22
