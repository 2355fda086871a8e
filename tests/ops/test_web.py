"""Whoever connects and never finishes a request's head is let go; whoever takes long over anything else is not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ops.web import bound, server_of

SECONDS = 0.3
HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Take the whole body, then more time than a head may take, and answer with what came."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await asyncio.sleep(2 * SECONDS)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Serve with little patience, and say where."""
    monkeypatch.setattr("ops.web.HEAD_SECONDS", SECONDS)
    server, door = server_of(app), bound("127.0.0.1", 0)
    server.config.lifespan = "off"
    task = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield door.getsockname()[1]
    server.should_exit = True
    await task


async def is_let_go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes) -> bool:
    """Say something, a byte now and then; tell whether the connection was ended meanwhile or soon after."""

    async def drip() -> None:
        for each in said:
            writer.write(bytes([each]))
            await asyncio.sleep(SECONDS / 10)

    dripping = asyncio.create_task(drip())
    try:
        return await asyncio.wait_for(reader.read(), 60) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    finally:
        dripping.cancel()
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    assert head.startswith(b"HTTP/1.1 200")
    return await asyncio.wait_for(reader.readexactly(4), 60)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 200])
async def test_a_head_that_does_not_come_whole_ends_the_connection(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await is_let_go(reader, writer, said)


async def test_a_body_an_answer_and_the_next_request_may_take_their_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(HEAD)
        await asyncio.sleep(2 * SECONDS)
        writer.write(b"four")
        assert await answer(reader) == b"four"
        await asyncio.sleep(2 * SECONDS)
    assert await is_let_go(reader, writer, b"GET / HTTP/1.1\r\nX: aaaaa")
