"""Compose a core over a database of its own, for suites that remember."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.postgres.migrations import migrate
from ops.bootstrap.core import Core, open_core
from ops.bootstrap.servers import Addresses
from ops.scratch import scratch_database
from ops.settings import Settings


@asynccontextmanager
async def scratch_core(settings: Settings, server: str) -> AsyncIterator[Core]:
    """Yield a core without NATS on a database of its own; raise NotPossible where its embedder is not installed."""
    with scratch_database(server) as url:
        await migrate(url)
        where = Addresses(postgres_url=url, nats_url="")
        async with open_core(settings, where, "evaluation", needs_nats=False) as core:
            yield core
