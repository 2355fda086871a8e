"""Make installations that are well, to break one thing of, and read what a doctor finds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from msgspec import structs
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.nats.connection import connect
from adapters.nats.events_stream import EventsStream
from adapters.nats.events_stream import Settings as Stream
from adapters.postgres.follower import LogFollower
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.session.events import ModelCallRequested, SessionEvent
from ops.doctor.outcome import Diagnosis, Finding
from ops.settings import Settings
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.adapters.nats.logs import relaying, until
from tests.projections.histories import event_of


@dataclass
class Installation:
    """Hold a log of a few events with its mirror and read models, served by roles that are not running just now."""

    settings: Settings
    store: PostgresEventStore
    client: Client
    nats: NatsServer

    def changed(self, **changes: Any) -> Settings:
        """Return the settings with others on top."""
        return structs.replace(self.settings, **changes)

    async def relay(self) -> None:
        """Bring the stream up to the log's head."""
        head = await self.store.head()

        async def done() -> bool:
            found = await EventsStream(self.client, Stream()).look()
            return found is not None and found.last == head and found.log_id == await self.store.log_id()

        async with relaying(self.store, self.client):
            await until(done)

    async def project(self, models: list[str] | None = None) -> None:
        """Bring read models up to the log's head."""
        rows = PostgresReadModels(self.settings.postgres_url)
        named = {name: READ_MODELS[name] for name in models or READ_MODELS}
        try:
            await Projector(LogFollower(self.store), rows, named).catch_up(await self.store.head())
        finally:
            await rows.close()

    async def record(self, *data: SessionEvent, ago: timedelta = timedelta()) -> UUID:
        """Record events of a new session, and return its id."""
        session, at = uuid4(), datetime.now(UTC) - ago
        await self.store.append(to_log(session, 0, [event_of(each, at) for each in data]))
        return session

    async def owe(self, ago: timedelta) -> UUID:
        """Let a session owe a model call since a while, and everything but a worker know of it."""
        call = ModelCallRequested(call="plan-1", purpose="plan", agent="planner", recipe="r")
        session = await self.record(call, ago=ago)
        await self.relay()
        await self.project()
        return session

    async def execute(self, statement: str) -> None:
        """Change the database as an administrator would, or an intruder."""
        async with await psycopg.AsyncConnection.connect(self.settings.postgres_url, autocommit=True) as connection:
            await connection.execute(statement.encode())

    @asynccontextmanager
    async def but(self, statement: str, *, undo: str) -> AsyncIterator[None]:
        """Let the database be different for the duration of the block."""
        await self.execute(statement)
        try:
            yield
        finally:
            await self.execute(undo)


@asynccontextmanager
async def installation(database: str, nats: NatsServer, data: Path) -> AsyncIterator[Installation]:
    """Open an installation."""
    store, client = await PostgresEventStore.open(database), await connect(nats.url, "doctor-test")
    settings = Settings(postgres_url=database, nats_url=nats.url, data=str(data / "data"))
    try:
        yield Installation(settings, store, client, nats)
    finally:
        await client.close()
        await store.close()


def only(found: Diagnosis, code: str) -> Finding:
    """Return the one and only finding, which is this one and says everything that it should."""
    assert [each.code for each in found.findings] == [code], found.findings
    (finding,) = found.findings
    assert finding.found and finding.why and finding.fix and not found.healthy
    return finding


def mark_of(data: Path) -> Any:
    """Return what a running `up` says of itself."""
    return json.loads((data / "running.json").read_bytes())
