"""Compose what lets others watch a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.postgres.store import PostgresEventStore
from commands.shell import Shell
from ops.settings import Otlp

if TYPE_CHECKING:
    from adapters.telemetry.tracing import Tracing


@asynccontextmanager
async def traced(shell: Shell, store: PostgresEventStore, otlp: Otlp, role: str) -> AsyncIterator["Tracing | None"]:
    """Export what this process does for the duration of the block, where an endpoint is set."""
    if not otlp.endpoint:
        yield None
        return
    from adapters.telemetry.otlp import OtlpExporter  # a tenth of a second, and nobody asked for it elsewhere
    from adapters.telemetry.tracing import Tracing

    exporter = OtlpExporter(otlp.endpoint, service=otlp.service, instance=shell.worker, role=role)
    tracing = Tracing(store, exporter, shell.worker)
    delivering = asyncio.create_task(tracing.run(), name="traces")
    shell.listeners.append(tracing.heard)
    try:
        yield tracing
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        await tracing.close()
        exporter.close()
