"""Connect to the servers and compose what commands, queries and every role are made of."""

import logging
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from nats.aio.client import Client

from adapters.nats.connection import connect
from adapters.nats.live import NatsLive
from adapters.nats.wakeups import NatsWakeups
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from adapters.policy.cedar import CedarJudge
from adapters.postgres.follower import recorded
from adapters.postgres.read_models.past import PostgresPast
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from adapters.system import SystemChance, SystemClock
from commands.bindings import BindingDesk, RecordedBindings
from commands.catalogue import Catalogue
from commands.ports import Judge, StreamingDialer, Wakeups
from commands.shell import Shell
from domain.errors import Unavailable
from ops.bootstrap.dialing import open_dialer
from ops.bootstrap.filters import filters
from ops.bootstrap.finding import finder
from ops.bootstrap.memory import open_memories
from ops.bootstrap.models import model_router
from ops.bootstrap.redaction import redactor
from ops.bootstrap.secrets import secrets_of
from ops.bootstrap.servers import Addresses
from ops.bootstrap.telemetry import traced
from ops.settings import Settings
from queries.events import EventShown, show_event

if TYPE_CHECKING:
    from adapters.telemetry.tracing import Tracing

LOGGER = logging.getLogger("reprise.ops")
QUICK_SECONDS = 2.0


@asynccontextmanager
async def open_store(where: Addresses) -> AsyncIterator[PostgresEventStore]:
    """Open the log."""
    store = await PostgresEventStore.open(where.postgres_url)
    try:
        yield store
    finally:
        await store.close()


class NoWakeups:
    """Wake nobody: without NATS the timers of the next worker find what is owed."""

    async def wake(self, session: UUID, lane: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Core:
    """Hold what every role and verb is made of; ``skipped`` counts the events that its projectors left out."""

    settings: Settings
    store: PostgresEventStore
    reads: PostgresReadStore
    past: PostgresPast
    shell: Shell
    catalogue: Catalogue
    documents: OpenApiDocuments
    bindings: BindingDesk
    dialer: StreamingDialer
    where: Addresses
    nats: Client | None
    tracing: "Tracing | None" = None
    skipped: list[Counter[str]] = field(default_factory=list)

    async def events(self, session: UUID, after: int) -> list[EventShown]:
        """Return a session's events behind a version, in words."""
        return [show_event(recorded(row)) for row in await self.store.read_stream(session, after=after)]

    @property
    def wired(self) -> Client:
        """Return the connection to NATS; raise Unavailable where this process was started without one."""
        if self.nats is None:
            raise Unavailable("Expected NATS, but this process was started without it: see REPRISE_NATS_URL.")
        return self.nats


@asynccontextmanager
async def open_core(settings: Settings, where: Addresses, name: str, *, needs_nats: bool = True) -> AsyncIterator[Core]:
    """Connect to the servers as ``name`` and compose the core; unless it is needed, NATS may be away."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(where))
        reads = PostgresReadStore(where.postgres_url)
        stack.push_async_callback(reads.close)
        dialer = await stack.enter_async_context(open_dialer(settings))
        client = await _nats(where.nats_url, name, needed=needs_nats)
        if client:
            stack.push_async_callback(client.close)
        wakeups: Wakeups = NatsWakeups(client) if client else NoWakeups()
        secrets = secrets_of(settings, dialer)
        memories = await stack.enter_async_context(open_memories(settings, where.postgres_url, dialer))
        tools = OpenApiTools(dialer, store, Credentials(dialer, RecordedBindings(store), secrets))
        shell = Shell(
            store=store,
            wakeups=wakeups,
            tools=tools,
            marked=tools,
            models=await model_router(settings, dialer, store),
            judge=CedarJudge(),
            clock=SystemClock(),
            chance=SystemChance(),
            environment=settings.environment,
            rates=store.rates,
            memories=memories,
            finder=finder(settings, embeddings=settings.embeddings),
            redactor=await redactor(settings, store, dialer),
            filters=filters(settings, dialer),
            live=NatsLive(client) if client else None,
            worker=f"{name}-{socket.gethostname()}-{os.getpid()}",
            breaker_settings=settings.breaker,
        )
        tracing = await stack.enter_async_context(traced(shell, store, settings.otlp, name))
        catalogue, documents = Catalogue(shell), OpenApiDocuments()
        yield Core(
            settings=settings,
            store=store,
            reads=reads,
            past=PostgresPast(reads),
            shell=shell,
            catalogue=catalogue,
            documents=documents,
            bindings=BindingDesk(shell, catalogue, documents, secrets),
            dialer=dialer,
            where=where,
            nats=client,
            tracing=tracing,
        )


async def _nats(url: str, name: str, *, needed: bool) -> Client | None:
    """Connect to NATS where there is one; where it only makes things quicker, go on without it."""
    if needed or not url:
        return await connect(url, name) if url else None
    try:
        return await connect(url, name, QUICK_SECONDS)
    except Unavailable as fault:
        LOGGER.warning("No worker is woken, a timer of theirs finds what is owed: %s", fault)
        return None


def open_judge() -> Judge:
    """Open the judge alone, for whoever checks rules and needs no log."""
    return CedarJudge()
