"""Watch sessions over every kind of live stream as a client does that loses its connection at any moment."""

import json
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.api.live.clients import events

SMALL_BUFFER = 32 << 10
FOLLOW = (
    "subscription ($id: ID!, $after: Position) { sessionEvents(id: $id, after: $after) { position version event } }"
)


@dataclass
class Watcher(ABC):
    """Watch a session, and come back behind the last position that was seen; ``narrow`` takes little at a time."""

    url: str
    session: str
    narrow: bool = False
    seen: list[str] = field(default_factory=list)
    visits: int = 0
    resyncs: int = 0

    @property
    def after(self) -> str:
        """Return the position to come back with, "" at first."""
        return self.seen[-1] if self.seen else ""

    async def visit(self) -> AsyncGenerator[str]:
        """Connect, and yield positions as they come, noted already; end where the stream says to come back."""
        self.visits += 1
        async with aclosing(self._stream()) as positions:
            async for position in positions:
                self.seen.append(position)
                yield position

    @abstractmethod
    def _stream(self) -> AsyncGenerator[str]:
        """Connect once and yield positions."""

    def __str__(self) -> str:
        """Say how far it has come."""
        kind = f"{type(self).__name__}{' narrow' if self.narrow else ''}"
        return f"{kind}: {self.visits} visits, {self.resyncs} resyncs, {len(self.seen)} events, last {self.after[-8:]}"

    def _come_back(self, after: str) -> None:
        """Note that the stream was too quick; it names the last position that it sent."""
        assert after == self.after, f"{after} is not where {self.after} is"
        self.resyncs += 1

    def _socket(self) -> socket.socket:
        opened = socket.socket()
        if self.narrow:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        place = urlsplit(self.url)
        opened.connect((place.hostname, place.port))
        opened.setblocking(False)
        return opened

    def _connect(self, path: str, **options: Any) -> connect:
        url = self.url.replace("http", "ws", 1) + path
        return connect(
            url,
            sock=self._socket(),
            proxy=None,
            compression=None,
            max_queue=2,
            open_timeout=60,
            ping_interval=None,
            **options,
        )


class EventSource(Watcher):
    """Watch over server-sent events."""

    async def _stream(self) -> AsyncGenerator[str]:
        options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)] if self.narrow else None
        transport = httpx.AsyncHTTPTransport(verify=False, socket_options=options)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.after} if self.after else {})
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, timeout=60))
            streaming = client.stream("GET", f"{self.url}/sessions/{self.session}/events", headers=headers)
            response = await stack.enter_async_context(streaming)
            assert response.status_code == 200, await response.aread()
            async for each in events(response):
                if each["event"] == "resync":
                    self._come_back(json.loads(each["data"])["after"])
                    return
                yield each["id"]


class WebSocket(Watcher):
    """Watch over a WebSocket of frames."""

    async def _stream(self) -> AsyncGenerator[str]:
        async with self._connect(f"/streams/{self.session}" + (f"?after={self.after}" if self.after else "")) as frames:
            while (frame := json.loads(await frames.recv()))["type"] == "event":
                yield frame["position"]
            assert frame["type"] == "resync", frame
            self._come_back(frame["after"])


class GraphQL(Watcher):
    """Watch over a GraphQL subscription."""

    async def _stream(self) -> AsyncGenerator[str]:
        async with self._connect("/graphql", subprotocols=["graphql-transport-ws"]) as frames:
            await self._subscribe(frames)
            while (frame := json.loads(await frames.recv()))["type"] == "next" and "errors" not in frame["payload"]:
                yield frame["payload"]["data"]["sessionEvents"]["position"]
            (error,) = frame["payload"] if frame["type"] == "error" else frame["payload"]["errors"]
            assert error["extensions"]["code"] == "RESYNC", frame
            self._come_back(error["extensions"]["after"])

    async def _subscribe(self, frames: ClientConnection) -> None:
        await frames.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await frames.recv())["type"] == "connection_ack"
        variables = {"id": self.session, "after": self.after or None}
        await frames.send(
            json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}})
        )


KINDS = (EventSource, WebSocket, GraphQL)
