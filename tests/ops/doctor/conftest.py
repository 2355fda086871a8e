"""Give every test an installation that is well, to break one thing of, and a doctor to look at it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec import structs
from nats.aio.client import Client

from adapters.embedded.nats import NatsServer, embedded_nats
from adapters.embedded.postgres import PostgresServer
from adapters.nats.connection import connect
from adapters.nats.events_stream import EventsStream
from adapters.nats.events_stream import Settings as Stream
from adapters.postgres.follower import LogFollower
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.session.events import ModelCallRequested, SessionEvent
from ops.bootstrap.doctor import doctor_parts
from ops.bootstrap.servers import Addresses
from ops.doctor import roles
from ops.doctor.checks import CHECKS
from ops.doctor.examine import examine
from ops.doctor.outcome import Diagnosis, Finding
from ops.doctor.patient import Parts
from ops.settings import Settings, load
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.adapters.nats.logs import append, relaying, until
from tests.end_to_end.program import PROGRAM, started
from tests.projections.histories import event_of

Examine: TypeAlias = Callable[..., Awaitable[Diagnosis]]
numbers = count(1)


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


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say sooner than usual that something does not move."""
    monkeypatch.setattr(roles, "LOOKS", 3)


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


@pytest.fixture(scope="session")
async def doctors_nats(servers_folder: Path) -> AsyncIterator[NatsServer]:
    """Run a NATS that mirrors the log of the installations below."""
    async with embedded_nats(servers_folder / "nats-doctor") as server:
        yield server


@pytest.fixture(scope="session")
async def template(
    postgres: PostgresServer, migrated_template: str, doctors_nats: NatsServer, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Make an installation of a few events without a fault; return the name of its database, to be copied."""
    await copied(postgres, migrated_template, "doctors_template")
    folder = tmp_path_factory.mktemp("doctor")
    async with installation(postgres.url_of("doctors_template"), doctors_nats, folder) as made:
        await append(made.store, 5)
        await made.relay()
        await made.project()
    return "doctors_template"


async def copied(postgres: PostgresServer, template: str, name: str) -> str:
    """Copy a database, and return the copy's URL."""
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
    return postgres.url_of(name)


@pytest.fixture(scope="session")
async def well(
    postgres: PostgresServer, template: str, doctors_nats: NatsServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Yield an installation that every test leaves as it was."""
    database = await copied(postgres, template, "doctors_well")
    async with installation(database, doctors_nats, tmp_path_factory.mktemp("doctor")) as made:
        yield made


@pytest.fixture
async def ill(
    postgres: PostgresServer, template: str, doctors_nats: NatsServer, tmp_path: Path
) -> AsyncIterator[Installation]:
    """Yield an installation whose database is a test's own; its NATS is not."""
    database = await copied(postgres, template, f"doctor_{next(numbers)}")
    async with installation(database, doctors_nats, tmp_path) as made:
        yield made


@pytest.fixture
async def own(ill: Installation, fresh_nats: NatsServer, tmp_path: Path) -> AsyncIterator[Installation]:
    """Yield an installation whose NATS is a test's own too."""
    async with installation(ill.settings.postgres_url, fresh_nats, tmp_path) as made:
        await made.relay()
        yield made


@pytest.fixture(scope="session")
async def parts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parts]:
    """Yield the doctor's real means; packages are only compared where a test gives it a lock file."""
    async with doctor_parts() as found:
        yield replace(found, root=tmp_path_factory.mktemp("no-checkout"))


@pytest.fixture
def look(parts: Parts) -> Examine:
    """Examine an installation, with other parts where a test says so."""

    async def examined(settings: Settings, **changes: Any) -> Diagnosis:
        return await examine(CHECKS, replace(parts, **{"load": lambda: settings, **changes}))

    return examined


@pytest.fixture
def look_alone(well: Installation, look: Examine, tmp_path: Path) -> Examine:
    """Examine a data folder on which no `up` runs; its embedded servers are the installation's, to save their start."""

    @asynccontextmanager
    async def start(_: Settings) -> AsyncIterator[Addresses]:
        yield Addresses(postgres_url=well.settings.postgres_url, nats_url=well.settings.nats_url)

    async def examined(**settings: Any) -> Diagnosis:
        changes = {name: settings.pop(name) for name in ("statvfs", "root") if name in settings}
        return await look(Settings(**{"data": str(tmp_path / "data"), "port": 0, **settings}), start=start, **changes)

    return examined


@pytest.fixture
def look_with(look: Examine, well: Installation) -> Examine:
    """Examine the installation as these environment variables set it."""

    async def examined(**variables: str) -> Diagnosis:
        there = {"REPRISE_POSTGRES_URL": well.settings.postgres_url, "REPRISE_NATS_URL": well.settings.nats_url}
        loading = partial(load, {**there, "REPRISE_DATA": well.settings.data, **variables})
        return await look(well.settings, load=loading)

    return examined


def only(found: Diagnosis, code: str) -> Finding:
    """Return the one and only finding, which is this one and says everything that it should."""
    assert [each.code for each in found.findings] == [code], found.findings
    (finding,) = found.findings
    assert finding.found and finding.why and finding.fix and not found.healthy
    return finding


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the data folder of a running `up`."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    with started([PROGRAM, "up", "--port", "0", "--data", str(data)], data.parent, "Reprise is up"):
        yield data


def mark_of(data: Path) -> Any:
    """Return what a running `up` says of itself."""
    return json.loads((data / "running.json").read_bytes())
