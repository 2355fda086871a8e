"""Reach the log from a verb: through a running `up`, the configured servers, or embedded ones started for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from uuid import UUID

from domain.envelope import Context
from domain.errors import Invalid
from ops import running
from ops.bootstrap.core import Core, open_core
from ops.bootstrap.roles import run_worker
from ops.bootstrap.servers import addresses
from ops.cli.verb import as_person, settings
from ops.tasks import end


@asynccontextmanager
async def core(*, wakes: bool = False) -> AsyncIterator[Core]:
    """Open what commands and queries need; only what wakes workers asks for NATS, and none is started for it."""
    loaded = settings()
    async with addresses(loaded, nats=False) as where:
        needed = where if wakes else replace(where, nats_url="")
        async with open_core(loaded, needed, "cli", needs_nats=False) as opened:
            yield opened


@asynccontextmanager
async def performing(perform: bool) -> AsyncIterator[tuple[Core, bool]]:
    """Open the core, and say whether workers are served elsewhere; where none are, ``perform`` runs one here."""
    loaded = settings()
    served = running.find(loaded.folder) is not None or bool(loaded.postgres_url)
    async with AsyncExitStack() as stack:
        performs = perform and not served
        where = await stack.enter_async_context(addresses(loaded, nats=performs))
        opened = await stack.enter_async_context(open_core(loaded, where, "cli", needs_nats=performs))
        if performs:
            worker = asyncio.create_task(run_worker(opened))
            stack.push_async_callback(end, [worker])
        yield opened, served


def context(opened: Core, correlation: str = "") -> Context:
    """Act as the person at this terminal, under a new command id."""
    return as_person(opened.shell.chance.command_id(), opened.shell.clock.now(), correlation)


def session_id(text: str) -> UUID:
    """Read a session's id; raise Invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            f"Expected a session's id, a UUID, but got {text!r}: `reprise sessions list` shows them."
        ) from None
