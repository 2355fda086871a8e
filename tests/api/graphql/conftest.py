"""Speak GraphQL to a real server: over HTTP, with the gql client, and frame by frame."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from random import Random
from typing import Any
from uuid import uuid4

import httpx
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.websockets import WebsocketsTransport
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect

from api.positions import outside
from commands.shell import to_log
from domain.session.events import GoalSubmitted, SessionEvent
from ops.bench.histories import SMOOTH, history
from tests.api.conftest import Parts

PROTOCOL = "graphql-transport-ws"
PATIENCE_SECONDS = 60.0


def address(client: httpx.AsyncClient) -> str:
    """Return where the server that a client speaks to takes WebSockets."""
    return f"{client.base_url.join('/graphql')}".replace("http", "ws", 1)


@asynccontextmanager
async def exploring(client: httpx.AsyncClient, **init: Any) -> AsyncIterator[AsyncClientSession]:
    """Speak to the same server as an HTTP client does, with the gql client."""
    transport = WebsocketsTransport(address(client), subprotocols=[PROTOCOL], init_payload=init, ping_interval=None)
    async with asyncio.timeout(PATIENCE_SECONDS), Client(transport=transport) as session:
        yield session


async def follow(session: AsyncClientSession, query: str, **variables: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the results of a subscription."""
    async for result in session.subscribe(GraphQLRequest(query, variable_values=variables)):
        yield result


class Raw:
    """Be a client that says what the test says."""

    def __init__(self, connection: ClientConnection):
        self.connection = connection

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """Receive one."""
        message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def begin(self, **payload: Any) -> None:
        """Begin to speak."""
        await self.say(type="connection_init", payload=payload)
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, name: str, query: str, /, **variables: Any) -> None:
        """Begin an operation."""
        await self.say(type="subscribe", id=name, payload={"query": query, "variables": variables})

    async def ended(self) -> tuple[int, str]:
        """Wait until the server has ended the connection; return its code and reason."""
        await self.connection.wait_closed()
        assert self.connection.close_code
        return self.connection.close_code, self.connection.close_reason or ""


@asynccontextmanager
async def raw(client: httpx.AsyncClient, query: str = "", **options: Any) -> AsyncIterator[Raw]:
    """Open a connection to the same server as an HTTP client does."""
    given = {"subprotocols": [PROTOCOL], "compression": None, "open_timeout": 60, "close_timeout": 1, **options}
    async with asyncio.timeout(PATIENCE_SECONDS), connect(address(client) + query, **given) as connection:
        yield Raw(connection)


async def answered(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """Ask over HTTP, and give all of the answer."""
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """Ask over HTTP, and give the data; there are no errors."""
    found = await answered(client, query, **variables)
    assert "errors" not in found, found["errors"]
    data: dict[str, Any] = found["data"]
    return data


async def refused(client: httpx.AsyncClient, query: str, **variables: Any) -> tuple[str, str]:
    """Ask over HTTP what is refused; give the code and the message of the one error."""
    (fault,) = (await answered(client, query, **variables))["errors"]
    return fault["extensions"]["code"], fault["message"]


async def record(parts: Parts, *, tenant: str = "local", seed: int = 1, most: int = 1_000) -> tuple[str, str]:
    """Write the first events of a session of its own into the log; give its id and the last position."""
    session = uuid4()
    told = (event for append in history(Random(seed), session, trouble=SMOOTH) for event in append)
    events = [replace(event, tenant=tenant, data=_of(tenant, event.data)) for event in islice(told, most)]
    position = await parts.store.append(to_log(session, 0, events))
    return str(session), outside(await parts.store.log_id(), position)


def _of(tenant: str, data: SessionEvent) -> SessionEvent:
    return replace(data, tenant=tenant) if isinstance(data, GoalSubmitted) else data
