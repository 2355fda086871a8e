"""Serve the real application over real parts: Postgres, NATS, the sample shop, a scripted model, a worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import MISSING, dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from adapters.embedded.nats import NatsServer
from adapters.embedding.hashing import HashingEmbedder
from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from adapters.nats.connection import connect
from adapters.nats.events_stream import EventsStream, Settings
from adapters.nats.follow import Tail
from adapters.nats.relay import Relay
from adapters.nats.wakeups import NatsWakeups, Queue
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from adapters.policy.cedar import CedarJudge
from adapters.postgres.history import PostgresHistory
from adapters.postgres.memories import PostgresMemories
from adapters.postgres.read_models.builds import PostgresBuilds
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.past import PostgresPast
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from adapters.secrets.secrets import ReferencedSecrets
from adapters.system import SystemChance, SystemClock
from api.app import build
from api.live.feeds import Feeds
from api.services import Services
from api.watching import Watched
from commands.bindings import BindingDesk, RecordedBindings
from commands.catalogue import Catalogue
from commands.memory.embedding import Embeddings
from commands.memory.memories import Memories
from commands.shell import Shell
from commands.worker import work
from ops.sample.shop import RunningShop, shop
from ops.web import bound, server_of, url_of
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.api.contract import CheckedTransport, contract
from tests.beside import running_beside

SCRIPT = Path("ops/sample/demo_script.json").absolute()
GOAL = "Order two blue mugs for customer 7, have them shipped, and say what they cost."
PATIENCE = (
    "api.graphql.over_websocket.INIT_SECONDS",
    "api.graphql.schema.PATIENCE_SECONDS",
    "api.live.feeds.READY_SECONDS",
    "api.rest.system.READY_SECONDS",
)
numbers = count(1)
documents: list[bytes] = []

Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@dataclass(frozen=True)
class Parts:
    """Hold what a service under test is made of."""

    store: PostgresEventStore
    services: Services
    shop: RunningShop
    worker: Callable[[], AbstractAsyncContextManager[None]]
    projector: asyncio.Task[None]

    @asynccontextmanager
    async def without_projector(self) -> AsyncIterator[None]:
        """Stop the projector for the rest of the test."""
        self.projector.cancel()
        await asyncio.gather(self.projector, return_exceptions=True)
        yield


@pytest.fixture
async def parts(database: str, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    """Wire everything that a service needs, on a log of its own; it has patience with a busy machine."""
    for patience in PATIENCE:
        monkeypatch.setattr(patience, 60.0)
    async with AsyncExitStack() as stack:
        store = await PostgresEventStore.open(database)
        stack.push_async_callback(store.close)
        client = await connect(nats_server.url, "api-test")
        stack.push_async_callback(client.close)
        name = f"api{next(numbers)}"
        mirror = Settings(name=f"{name.upper()}_EVENTS", prefix=f"{name}.events", max_bytes=16 << 20)
        tail = Tail(store, client, mirror)
        stack.push_async_callback(EventsStream(client, mirror).delete)
        reads, rows = PostgresReadStore(database), PostgresReadModels(database)
        stack.push_async_callback(reads.close)
        index = PostgresMemories(database)
        stack.push_async_callback(index.close)
        builds = PostgresBuilds(database)
        stack.push_async_callback(builds.close)
        stack.push_async_callback(rows.close)
        projector = Projector(tail, rows, READ_MODELS)
        relay = Relay(store, client, mirror)
        projecting = asyncio.create_task(projector.run())
        stack.callback(projecting.cancel)
        history = PostgresHistory(database)
        stack.push_async_callback(history.close)
        feeds = Feeds(tail, history)
        await stack.enter_async_context(running_beside(relay.run(), tail.run(), feeds.run()))
        wakeups = NatsWakeups(client, Queue(name=name.upper(), prefix=name))
        dialer = await stack.enter_async_context(HttpDialer())
        selling = await stack.enter_async_context(shop())
        secrets = ReferencedSecrets(dialer, open_to=["env:REPRISE_SECRET_*"])
        shell = Shell(
            store=store,
            wakeups=wakeups,
            tools=OpenApiTools(dialer, store, Credentials(dialer, RecordedBindings(store), secrets)),
            models=ModelRouter(dialer),
            judge=CedarJudge(),
            clock=SystemClock(),
            chance=SystemChance(),
            rates=store.rates,
            memories=Memories(index, Embeddings(HashingEmbedder())),
        )
        catalogue, documents = Catalogue(shell), OpenApiDocuments()
        services = Services(
            shell=shell,
            catalogue=catalogue,
            documents=documents,
            bindings=BindingDesk(shell, catalogue, documents, secrets),
            dialer=dialer,
            feeds=feeds,
            reads=reads,
            past=PostgresPast(reads),
            builds=builds,
            model=f"scripted:{SCRIPT}",
            heartbeat=0.2,
            read_patience=60.0,
            watched=Watched(probes={"log": store.head}),
        )

        @asynccontextmanager
        async def worker() -> AsyncIterator[None]:
            await wakeups.prepare(["standard", "interactive"])
            async with running_beside(work(shell, wakeups.pull(["standard", "interactive"]))):
                yield

        yield Parts(store=store, services=services, shop=selling, worker=worker, projector=projecting)


@pytest.fixture
def serve(parts: Parts) -> Serve:
    """Serve on a free loopback port, with some of the services changed, and give a client that checks contracts."""

    @asynccontextmanager
    async def serving(*, checked: bool = True, **changed: Any) -> AsyncIterator[httpx.AsyncClient]:
        server = server_of(build(replace(parts.services, **changed)))
        door = bound("127.0.0.1", 0, unread_seconds=1.0)
        task = asyncio.create_task(server.serve(sockets=[door]))
        while not server.started:
            await asyncio.sleep(0.01)
            assert not task.done(), "the server ended before it began"
        url = url_of(door)
        transport = CheckedTransport()
        try:
            async with httpx.AsyncClient(base_url=url, transport=transport, timeout=60) as client:
                if checked:
                    # The same for every service, and it takes longer to write and read than most tests.
                    document = documents or [(await client.get("/openapi.json")).content]
                    documents[:] = document
                    transport.contract = contract(document[0])
                yield client
        finally:
            server.should_exit = True
            await task

    return serving


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    """Serve as it is by default."""
    async with serve() as serving:
        yield serving


@pytest.fixture
async def tools(client: httpx.AsyncClient, parts: Parts) -> dict[str, Any]:
    """Register the sample shop's document; give the answer."""
    body = {"name": "shop", "document": parts.shop.document(), "allowPrivate": True}
    response = await client.post("/tools", json=body)
    assert response.status_code == 201, response.text
    answered: dict[str, Any] = response.json()
    return answered


@pytest.fixture
async def started(client: httpx.AsyncClient, tools: dict[str, Any]) -> dict[str, Any]:
    """Start a session that no worker looks after; give the answer."""
    response = await client.post("/orchestrate", json={"goal": GOAL})
    assert response.status_code == 201, response.text
    answered: dict[str, Any] = response.json()
    return answered


@asynccontextmanager
async def without_parts(**given: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application whose every part is missing, for what asks none of them."""
    needed = [each.name for each in fields(Services) if each.default is MISSING and each.default_factory is MISSING]
    app: Any = build(Services(**{**dict.fromkeys(needed), **given}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8080", transport=transport) as client:
        yield client


@pytest.fixture
async def reader() -> AsyncIterator[httpx.AsyncClient]:
    """Read what is the same for every service."""
    async with without_parts() as client:
        yield client


async def finish(client: httpx.AsyncClient, parts: Parts) -> dict[str, Any]:
    """Run the demo's goal to its end, approving everything; give the answer."""
    async with parts.worker(), running_beside(approve_everything(client, parts)):
        response = await client.post("/orchestrate", json={"goal": GOAL}, headers={"Prefer": "wait=120"})
    assert response.headers["preference-applied"] == "wait=120"
    answered: dict[str, Any] = response.json()
    return answered


async def approve_everything(client: httpx.AsyncClient, parts: Parts) -> None:
    """Approve every request that shows up in the log, for ever."""
    position = 0
    while True:
        for row in await parts.store.read_log(position, 100):
            position = row.id
            if row.topic == "session.approval-requested.v1":
                approval = json.loads(row.state)["data"]["approval"]
                response = await client.post(f"/approvals/{approval}", json={"decision": "approve"})
                assert response.status_code == 200, response.text
        await asyncio.sleep(0.02)


def problem(response: httpx.Response, status: int, name: str) -> str:
    """Assert that an answer is this problem and return its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = json.loads(response.content)
    assert (told["type"], told["status"]) == (f"/docs/problems/{name}", status), told
    assert told["title"] and told["title"] != told["detail"]
    return str(told["detail"])
