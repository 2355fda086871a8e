"""Compose the parts: the only module that names concrete adapters.

`addresses` finds or starts Postgres and NATS; `open_core` connects what commands and queries need; each role of a
process (api, worker, relay, projector) is one coroutine over that core.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from nats.aio.client import Client

from adapters.embedded.nats import embedded_nats
from adapters.embedded.postgres import embedded_postgres
from adapters.embedded.process import kept
from adapters.http.dialer import HttpDialer
from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from adapters.models.models import ModelRouter
from adapters.nats.connection import connect
from adapters.nats.follow import Tail
from adapters.nats.relay import Relay
from adapters.nats.wakeups import NatsWakeups
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from adapters.policy.rules import FirstRules
from adapters.postgres.follower import LogFollower
from adapters.postgres.migrations import migrate
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.read_models.rebuild import Rebuilt, compare, rebuild
from adapters.postgres.store import PostgresEventStore
from adapters.system import SystemChance, SystemClock
from commands.catalogue import Catalogue
from commands.orchestrate import whole_model
from commands.ports import Models, Wakeups
from commands.shell import Shell
from commands.worker import sweep, work
from domain.errors import Conflict, Unavailable
from ops import running
from ops.bench import rebuild as rebuilding
from ops.bench import steps
from ops.settings import Settings, model_key
from projections.registry import READ_MODELS
from projections.runner import Projector

if TYPE_CHECKING:
    from litestar import Litestar

LOGGER = logging.getLogger("reprise.ops")
QUICK_SECONDS = 2.0


@dataclass(frozen=True)
class Addresses:
    """Say where Postgres and NATS are; ``nats_url`` is empty where nobody needs it.

    ``keepers`` run the embedded servers; one that ends could not keep its own alive.
    """

    postgres_url: str
    nats_url: str = ""
    keepers: tuple[asyncio.Task[None], ...] = ()


@asynccontextmanager
async def addresses(settings: Settings, *, nats: bool) -> AsyncIterator[Addresses]:
    """Yield the configured servers, those of a running `up`, or embedded ones for the duration of the block."""
    found = running.find(settings.folder)
    if found and not settings.postgres_url:
        yield Addresses(postgres_url=found.postgres_url, nats_url=found.nats_url)
        return
    async with AsyncExitStack() as stack:
        postgres_url, nats_url, keepers = settings.postgres_url, settings.nats_url, []
        if not postgres_url:
            postgres = await stack.enter_async_context(embedded_postgres(settings.folder / "postgres"))
            keepers.append(await stack.enter_async_context(kept(postgres)))
            postgres_url = postgres.url
            await migrate(postgres_url)
        if nats and not nats_url:
            server = await stack.enter_async_context(embedded_nats(settings.folder / "nats"))
            keepers.append(await stack.enter_async_context(kept(server)))
            nats_url = server.url
        yield Addresses(postgres_url=postgres_url, nats_url=nats_url, keepers=tuple(keepers))


async def migrate_schema(where: Addresses, phase: Literal["pre", "post"] | None) -> list[str]:
    """Apply what is missing of the schema and return the names."""
    return await migrate(where.postgres_url, phase)


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
    """Hold what every role and verb is made of."""

    settings: Settings
    store: PostgresEventStore
    reads: PostgresReadStore
    shell: Shell
    catalogue: Catalogue
    documents: OpenApiDocuments
    dialer: HttpDialer
    where: Addresses
    nats: Client | None

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
        dialer = await stack.enter_async_context(HttpDialer())
        client = await _nats(where.nats_url, name, needed=needs_nats)
        if client:
            stack.push_async_callback(client.close)
        wakeups: Wakeups = NatsWakeups(client) if client else NoWakeups()
        shell = Shell(
            store=store,
            wakeups=wakeups,
            tools=OpenApiTools(dialer, store),
            models=ModelRouter(dialer, api_key=model_key()),
            judge=FirstRules(),
            clock=SystemClock(),
            chance=SystemChance(),
            worker=f"{name}-{socket.gethostname()}-{os.getpid()}",
            breaker_settings=settings.breaker,
        )
        yield Core(
            settings=settings,
            store=store,
            reads=reads,
            shell=shell,
            catalogue=Catalogue(shell),
            documents=OpenApiDocuments(),
            dialer=dialer,
            where=where,
            nats=client,
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


@asynccontextmanager
async def open_models() -> AsyncIterator[Models]:
    """Open the models alone, for whoever serves them to others."""
    async with HttpDialer() as dialer:
        yield ModelRouter(dialer)


async def run_worker(core: Core) -> None:
    """Perform what sessions owe, until cancelled: wake-ups bring most of it, the timer table the rest."""
    open_work = PostgresOpenWork(core.where.postgres_url)
    wakeups = NatsWakeups(core.wired).pull(core.settings.lane_names)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work(core.shell, wakeups, most=core.settings.max_sessions), name="work")
            tasks.create_task(sweep(core.shell, open_work), name="sweep")
    finally:
        await open_work.close()


async def run_relay(core: Core) -> None:
    """Mirror the log into JetStream, until cancelled."""
    await Relay(core.store, core.wired).run()


async def run_projector(core: Core) -> None:
    """Keep the read models up to date, until cancelled."""
    tail, rows = Tail(core.store, core.wired), PostgresReadModels(core.where.postgres_url)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run(), name="tail")
            tasks.create_task(Projector(tail, rows, READ_MODELS).run(), name="projector")
    finally:
        await rows.close()


READ_MODEL_NAMES = tuple(READ_MODELS)


async def rebuild_read_model(core: Core, name: str, progress: Callable[[int, int], None]) -> Rebuilt:
    """Build a read model anew beside the live one and swap."""
    return await rebuild(core.where.postgres_url, READ_MODELS[name], progress)


async def catch_up(core: Core) -> None:
    """Bring the read models up to the log's head, beside a projector that may do the same."""
    rows, head = PostgresReadModels(core.where.postgres_url), await core.store.head()
    try:
        while True:
            with suppress(Conflict):
                return await Projector(LogFollower(core.store), rows, READ_MODELS).catch_up(head)
    finally:
        await rows.close()


@asynccontextmanager
async def api_app(core: Core) -> AsyncIterator["Litestar"]:
    """Yield the REST API's application, with the reader behind its live streams running."""
    from api.app import build  # a third of a second that verbs without an API need not wait for
    from api.services import Services

    tail = Tail(core.store, core.wired)
    following = asyncio.create_task(tail.run(), name="tail")
    tokens = core.settings.tokens
    verifier = (
        TokenVerifier(_keys(core.settings), issuer=tokens.issuer, audience=tokens.audience) if tokens.required else None
    )
    try:
        yield build(
            Services(
                shell=core.shell,
                catalogue=core.catalogue,
                documents=core.documents,
                dialer=core.dialer,
                follower=tail,
                reads=core.reads,
                model=whole_model(core.settings.model),
                models=tuple(core.settings.model_names),
                hosts=tuple(host for host in core.settings.hosts.split(",") if host),
                verifier=verifier,
                loopback_without_token=not tokens.required,
            )
        )
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _keys(settings: Settings) -> Path:
    """Return the folder of the token keys, made on first use."""
    folder = Path(settings.tokens.keys) if settings.tokens.keys else settings.folder / "keys"
    create_keys(folder)
    return folder


def issue_token(settings: Settings, *, user: str, roles: Sequence[str], tenant: str, hours: float) -> str:
    """Sign a token."""
    tokens = settings.tokens
    issuer = TokenIssuer(_keys(settings), issuer=tokens.issuer, audience=tokens.audience)
    return issuer.issue(user, roles, tenant, timedelta(hours=hours))


async def migrated_store(url: str) -> PostgresEventStore:
    """Migrate a database and open its log."""
    await migrate(url)
    return await PostgresEventStore.open(url)


def bench_parts() -> steps.Parts:
    """Return what the benchmark of the loop is composed of."""
    return steps.Parts(open_store=migrated_store, judge=FirstRules(), clock=SystemClock(), chance=SystemChance())


def rebuild_parts() -> rebuilding.Parts:
    """Return what the benchmark of the rebuild is composed of."""
    return rebuilding.Parts(
        open_store=migrated_store,
        project=_project,
        rebuild=lambda url, name: rebuild(url, READ_MODELS[name]),
        compare=lambda url, name: compare(url, READ_MODELS[name]),
    )


async def _project(url: str, name: str) -> None:
    store, rows = await PostgresEventStore.open(url), PostgresReadModels(url)
    try:
        models = {name: READ_MODELS[name]}
        await Projector(LogFollower(store), rows, models).catch_up(await store.head())
    finally:
        await rows.close()
        await store.close()
