"""Compose the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.identity import TokenVerifier
from adapters.nats.follow import Tail
from commands.orchestrate import whole_model
from ops.bootstrap.core import Core
from ops.bootstrap.tokens import keys

if TYPE_CHECKING:
    from litestar import Litestar


@asynccontextmanager
async def api_app(core: Core) -> AsyncIterator["Litestar"]:
    """Yield the REST API's application, with the reader behind its live streams running."""
    from api.app import build  # a third of a second that verbs without an API need not wait for
    from api.services import Services

    tail = Tail(core.store, core.wired)
    following = asyncio.create_task(tail.run(), name="tail")
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
