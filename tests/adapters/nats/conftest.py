"""Give the NATS tests a log to mirror and connections that are closed again."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.nats.connection import connect


@pytest.fixture
async def dial(fresh_nats: NatsServer) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    """Connect to this test's own NATS as often as wanted."""
    opened: list[Client] = []

    async def connected() -> Client:
        opened.append(await connect(fresh_nats.url, "test"))
        return opened[-1]

    yield connected
    for client in opened:
        await client.close()
