"""Compose the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.identity import TokenVerifier
from adapters.nats.follow import Tail
from adapters.postgres.history import PostgresHistory
from adapters.postgres.read_models.builds import PostgresBuilds
from commands.orchestrate import whole_model
from ops.bootstrap.core import Core
from ops.bootstrap.tokens import keys
from ops.tasks import end

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from api.watching import Watched


@dataclass(frozen=True)
class Edge:
    """Be the API's application and what runs beside it for its live streams; they end with these tasks."""

    app: "ASGIApp"
    tasks: tuple[asyncio.Task[None], ...]


@asynccontextmanager
async def api_edge(core: Core, watched: "Watched") -> AsyncIterator[Edge]:
    """Yield the API's application."""
    from api.app import build  # a third of a second that verbs without an API need not wait for
    from api.live.feeds import Feeds
    from api.observed import Observed
    from api.services import Services

    tail, history = Tail(core.store, core.wired), PostgresHistory(core.where.postgres_url)
    feeds, builds = Feeds(tail, history), PostgresBuilds(core.where.postgres_url)
    tasks = asyncio.create_task(tail.run(), name="tail"), asyncio.create_task(feeds.run(), name="feeds")
    tokens = core.settings.tokens
    verifier = (
        TokenVerifier(keys(core.settings), issuer=tokens.issuer, audience=tokens.audience) if tokens.required else None
    )
    services = Services(
        shell=core.shell,
        catalogue=core.catalogue,
        documents=core.documents,
        bindings=core.bindings,
        dialer=core.dialer,
        feeds=feeds,
        reads=core.reads,
        past=core.past,
        builds=builds,
        model=whole_model(core.settings.model),
        models=tuple(core.settings.model_names),
        hosts=core.settings.host_names,
        verifier=verifier,
        loopback_without_token=not tokens.required,
        introspection=core.settings.graphql.introspection,
        watched=watched,
        live_streams=asyncio.Semaphore(core.settings.max_streams),
    )
    try:
        app = build(services)
        yield Edge(app=Observed(app, watched.watch) if watched.watch else app, tasks=tasks)
    finally:
        await end(tasks)
        await history.close()
        await builds.close()
