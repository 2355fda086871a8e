"""Open live streams as clients do, over server-sent events and over WebSockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from websockets.asyncio.client import ClientConnection, connect

from commands.ports import Live, Said
from tests.beside import running_beside

SSE = {"Accept": "text/event-stream"}


@asynccontextmanager
async def streaming(
    client: httpx.AsyncClient, session: str, *, after: str = "", tokens: str = "", **headers: str
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """Open a stream of server-sent events and give them, each as its fields; comments are left out."""
    path, query = f"/sessions/{session}/events", {"after": after} if after else {}
    query |= {"tokens": tokens} if tokens else {}
    async with client.stream("GET", path, params=query, headers={**SSE, **headers}) as response:
        assert response.headers["content-type"] == "text/event-stream", await response.aread()
        yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Read server-sent events, each as its fields."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields
            fields = {}
        else:
            fields = {}


def socket(
    client: httpx.AsyncClient,
    session: str,
    after: str | None = None,
    *,
    name: str = "127.0.0.1",
    query: str = "",
    **options: Any,
) -> connect:
    """Open a WebSocket on a session, and call the service by a name."""
    port, query = client.base_url.port, query if after is None else f"?after={after}"
    url = f"ws://{name}:{port}/streams/{session}{query}"
    return connect(url, host="127.0.0.1", port=port, proxy=None, compression=None, open_timeout=60, **options)


async def take(frames: ClientConnection, number: int) -> list[dict[str, Any]]:
    """Take so many frames."""
    return [json.loads(await frames.recv()) for _ in range(number)]


def part(number: int, text: str = "so", *, call: str = "plan", attempt: int = 1) -> Said:
    """Return a part of what a model says."""
    return Said(call=call, attempt=attempt, part=number, text=text)


@asynccontextmanager
async def saying(live: Live, session: str) -> AsyncIterator[None]:
    """Say something again and again, until it is heard."""

    async def say() -> None:
        for number in count(1):
            await live.tell(UUID(session), part(number))
            await asyncio.sleep(0.02)

    async with running_beside(say()):
        yield
