"""Compose the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.identity import TokenVerifier
from adapters.nats.follow import Tail
from adapters.postgres.history import PostgresHistory
from commands.orchestrate import whole_model
from ops.bootstrap.core import Core
from ops.bootstrap.tokens import keys

if TYPE_CHECKING:
    from litestar import Litestar


@asynccontextmanager
async def api_app(core: Core) -> AsyncIterator["Litestar"]:
    """Yield the REST API's application, with the reader behind its live streams running."""
    from api.app import build  # a third of a second that verbs without an API need not wait for
    from api.live.feeds import Feeds
    from api.services import Services

    tail, history = Tail(core.store, core.wired), PostgresHistory(core.where.postgres_url)
    feeds = Feeds(tail, history)
    following = [asyncio.create_task(tail.run(), name="tail"), asyncio.create_task(feeds.run(), name="feeds")]
    tokens = core.settings.tokens
    verifier = (
        TokenVerifier(keys(core.settings), issuer=tokens.issuer, audience=tokens.audience) if tokens.required else None
    )
    try:
        yield build(
            Services(
                shell=core.shell,
                catalogue=core.catalogue,
                documents=core.documents,
                dialer=core.dialer,
                feeds=feeds,
                reads=core.reads,
                model=whole_model(core.settings.model),
                models=tuple(core.settings.model_names),
                hosts=tuple(host for host in core.settings.hosts.split(",") if host),
                verifier=verifier,
                loopback_without_token=not tokens.required,
            )
        )
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await history.close()
