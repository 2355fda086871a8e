"""Serve an application over HTTP and WebSockets with uvicorn, bounded for clients that never read, or never finish.

uvicorn's WebSockets over the sans-I/O protocol wait with every message until the client has read enough, and read
nothing more from it before the message that came was taken; its older ones buffer without bound. For the head of a
request it would wait for ever.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from domain.errors import Unavailable

BACKLOG = 2_048
HEAD_SECONDS = 20.0
MESSAGE_BYTES = 64 << 10
PING_SECONDS = 20.0
UNREAD_SECONDS = 20.0
UNREAD_BYTES = 256 << 10
GRACE_SECONDS = 3


class Http(H11Protocol):
    """End a connection on which the head of a request has not come whole in time, however slowly it goes on."""

    _awaited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a head, from its first byte on; before it, the time between requests counts."""
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._await_nothing()

    def _await_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._await_nothing()
        elif self._awaited is None:
            self._awaited = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _await_nothing(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None


class WebSockets(WebSocketsSansIOProtocol):
    """Answer no pings that would pile up unread, and end at once whoever answers none of ours."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message; an HTTP answer in its place completes the handshake too, and is no error to log."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not read: the answer to a later one will do (RFC 6455, 5.5.3)."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        """End the connection; a polite close would wait for the client to read."""
        self.transport.abort()


class Server(uvicorn.Server):
    """Be a server that leaves signals to others."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def server_of(app: Any) -> Server:
    """Return a server of an application."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=Http,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws=WebSockets,
        ws_max_size=MESSAGE_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # Each connection would hold a quarter of a megabyte to compress with.
        ws_per_message_deflate=False,
    )
    return Server(config)


def bound(host: str, port: int, *, unread_seconds: float = UNREAD_SECONDS, setting: str = "--port") -> socket.socket:
    """Listen on an address, 0 for a free port; raise Unavailable where it is taken.

    The kernel holds a quarter of a megabyte or so for a client that reads slowly, and ends the connection of one that
    has read nothing of it for ``unread_seconds``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as fault:
        raise Unavailable(
            f"Port {port} on {host} cannot be listened on ({fault}): choose another with {setting}."
        ) from fault
    # Accepted connections inherit both. Source: socket(7), SO_SNDBUF; tcp(7), TCP_USER_TIMEOUT, which is Linux's.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(unread_seconds * 1000))
    return door


def url_of(door: socket.socket) -> str:
    """Return the URL under which a socket is reached."""
    host, port = door.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
