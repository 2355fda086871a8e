"""Subscribe to sessions with as little of a client as will do, so that what is measured is the service.

Events carry marks, ``tick-<version>-<nanoseconds>-``, which are read out of the bytes, whatever frames them.
"""

import asyncio
import re
import socket
import time
from dataclasses import dataclass, field
from typing import Literal, cast
from uuid import UUID

Kind = Literal["sse", "websocket"]

_MARK = re.compile(rb"tick-(\d+)-(\d+)-")
_FIRST = b"session.goal-submitted"
# A ping of uvicorn: four bytes, unmasked; nothing else that it sends us holds a byte over 127.
_PING = re.compile(rb"\x89\x04(.{4})", re.DOTALL)
_LONGEST_MARK = 64
_SMALL_BUFFER = 4_096
_REQUESTS: dict[Kind, str] = {
    "sse": "GET /sessions/{session}/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    "websocket": (
        "GET /streams/{session} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ),
}


@dataclass(eq=False)
class Subscriber(asyncio.Protocol):
    """Watch one session; ``versions`` and ``latencies`` (seconds) are what came and how long it took."""

    session: UUID
    kind: Kind
    reads: bool = True
    versions: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _tail: bytes = b""
    _transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_REQUESTS[self.kind].format(session=self.session).encode())

    def data_received(self, data: bytes) -> None:
        """Take the marks out of what came; stop reading after the first event where that is wanted."""
        now = time.monotonic_ns()
        text = self._tail + data
        if _FIRST in text:
            self.begun.set()
            if not self.reads and self._transport:
                self._transport.pause_reading()
        last = 0
        for mark in _MARK.finditer(text):
            self.versions.append(int(mark[1]))
            self.latencies.append((now - int(mark[2])) / 1e9)
            last = mark.end()
        for ping in _PING.finditer(text, len(self._tail)):
            self._answer(ping[1])
        self._tail = text[max(last, len(text) - _LONGEST_MARK) :]

    def _answer(self, ping: bytes) -> None:
        """Answer a ping, masked with zeros as a client must."""
        if self.kind == "websocket" and self._transport:
            self._transport.write(b"\x8a\x84\0\0\0\0" + ping)

    async def open(self, host: str, port: int) -> None:
        """Connect, and return when the first event is there."""
        opened = socket.socket()
        opened.setblocking(False)
        if not self.reads:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(opened, (host, port))
        await loop.create_connection(lambda: self, sock=opened)
        await self.begun.wait()

    def close(self) -> None:
        """Leave."""
        if self._transport:
            self._transport.abort()
