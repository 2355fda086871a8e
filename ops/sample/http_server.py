"""Serve HTTP/1.1 on the loopback address, small enough to misbehave on purpose.

A ready-made server always answers; the sample shop must also be able to close a connection after the work
is done.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from ops.tasks import end

MAX_HEAD = 64 * 1024
MAX_BODY = 8 * 1024 * 1024


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one request; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one answer; ``pieces`` take the place of the body where it comes bit by bit.

    A piece that is None breaks the answer off: the connection is closed before it is whole.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    pieces: AsyncGenerator[bytes | None] | None = None


Handler: TypeAlias = Callable[[Request], Awaitable[Response | None]]
"""Answer a request; None closes the connection without an answer."""


def json_response(status: int, value: object) -> Response:
    """Answer with a JSON value."""
    body = msgspec.json.encode(value)
    return Response(status=status, body=body, headers=(("content-type", "application/json"),))


@asynccontextmanager
async def serving(handler: Handler, *, port: int = 0) -> AsyncIterator[str]:
    """Serve on 127.0.0.1 until the block ends, and give the URL; port 0 takes a free one."""
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_converse(handler, reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", port, limit=MAX_HEAD)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await end(connections)


async def _converse(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while request := await _read(reader):
            response = await handler(request)
            if response is None or not await _write(writer, response):
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # the client went away: nobody is left to tell
    except (ValueError, asyncio.LimitOverrunError) as fault:
        writer.write(_encode(json_response(400, {"error": f"Expected an HTTP/1.1 request, but {fault}."})))
    finally:
        writer.close()


async def _write(writer: asyncio.StreamWriter, response: Response) -> bool:
    """Write an answer; tell whether it is whole."""
    writer.write(_encode(response))
    await writer.drain()
    if response.pieces is None:
        return True
    async with aclosing(response.pieces) as pieces:
        async for piece in pieces:
            if piece is None:
                return False
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"")
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None  # the client closed an idle connection
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if length > MAX_BODY or "transfer-encoding" in headers:
        raise ValueError(f"its body is not announced as at most {MAX_BODY} bytes")
    url = urlsplit(target)
    return Request(
        method=method,
        path=unquote(url.path),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers=headers,
        body=await reader.readexactly(length),
    )


def _encode(response: Response) -> bytes:
    length = () if response.status == 204 else (("content-length", str(len(response.body))),)
    length = length if response.pieces is None else (("transfer-encoding", "chunked"),)
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in (*response.headers, *length)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
