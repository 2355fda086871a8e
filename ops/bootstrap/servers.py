"""Find or start Postgres and NATS, and bring the schema up to date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from adapters.embedded.nats import embedded_nats
from adapters.embedded.postgres import embedded_postgres
from adapters.embedded.process import kept
from adapters.postgres.migrations import migrate
from ops import running
from ops.settings import Settings


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
