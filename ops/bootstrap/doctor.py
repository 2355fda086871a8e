"""Compose what the doctor looks through."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from adapters.embedded.errors import FolderTaken
from adapters.embedded.nats import embedded_nats
from adapters.embedded.postgres import embedded_postgres
from adapters.http.dialer import HttpDialer
from adapters.identity.keys import public_keys, signing_key
from adapters.models.models import ModelRouter
from adapters.nats import health as nats
from adapters.postgres import health as postgres
from adapters.postgres.migrations import migrations
from ops import running
from ops.bootstrap.models import model_keys
from ops.bootstrap.servers import Addresses, addresses
from ops.doctor.patient import Parts
from ops.settings import Settings

TAKEN_SECONDS = 10.0
"""How long a data folder may be in other hands before its servers are said to be out of reach."""
AGAIN_SECONDS = 0.2


@asynccontextmanager
async def doctor_parts() -> AsyncIterator[Parts]:
    """Yield the means by which an installation is examined."""
    async with HttpDialer() as dialer:
        yield Parts(
            start=_servers,
            open_log=postgres.open_health,
            greeting=nats.greeting,
            open_bus=nats.open_health,
            known_model=ModelRouter(dialer).known,
            model_keys=lambda settings: model_keys(settings, dialer),
            read_keys=_read_keys,
            takes_traces=_takes_traces,
            migrations=_checksums,
        )


@asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Addresses]:
    """Yield the servers, also those of an `up` that is just starting, or after another verb has ended."""
    async with AsyncExitStack() as stack:
        yield await _entered(stack, settings)


async def _entered(stack: AsyncExitStack, settings: Settings) -> Addresses:
    clock = asyncio.get_running_loop().time
    until = clock() + TAKEN_SECONDS
    while True:
        try:
            return await stack.enter_async_context(_found(settings))
        except FolderTaken:
            if clock() > until:
                raise
            await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def _found(settings: Settings) -> AsyncIterator[Addresses]:
    """Yield the servers that are set or run, and start the others as they are: nothing is migrated.

    Where nothing is kept yet, they are tried in a folder that goes away again.
    """
    found = running.find(settings.folder)
    postgres_url = settings.postgres_url or (found.postgres_url if found else "")
    nats_url = settings.nats_url or (found.nats_url if found else "")
    async with AsyncExitStack() as stack:
        if not postgres_url and not (settings.folder / "postgres" / "cluster").exists():
            tried = replace(settings, data=stack.enter_context(TemporaryDirectory(prefix="reprise-doctor-")))
            yield await stack.enter_async_context(addresses(tried, nats=True))
            return
        if not postgres_url:
            server = await stack.enter_async_context(embedded_postgres(settings.folder / "postgres"))
            postgres_url = server.url
            if not nats_url:
                nats_url = (await stack.enter_async_context(embedded_nats(settings.folder / "nats"))).url
        yield Addresses(postgres_url=postgres_url, nats_url=nats_url)


def _read_keys(folder: Path) -> None:
    public_keys(folder)
    signing_key(folder)


def _takes_traces(endpoint: str) -> bool:
    from adapters.telemetry.otlp import OtlpExporter  # a tenth of a second, and most set no endpoint

    exporter = OtlpExporter(endpoint, service="reprise", instance="doctor", role="doctor")
    try:
        return exporter.export([])
    finally:
        exporter.close()


def _checksums() -> Mapping[str, str]:
    return {migration.name: migration.checksum for migration in migrations()}
