"""Give every test an installation that is well, to break one thing of, and a doctor to look at it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest

import adapters.nats.health
import adapters.postgres.health
from adapters.embedded.nats import NatsServer, embedded_nats
from adapters.embedded.postgres import PostgresServer
from ops.bootstrap.doctor import doctor_parts
from ops.bootstrap.servers import Addresses
from ops.doctor import roles
from ops.doctor.checks import CHECKS
from ops.doctor.examine import examine
from ops.doctor.outcome import Diagnosis
from ops.doctor.patient import Parts
from ops.settings import Settings, load
from tests.adapters.nats.logs import append
from tests.end_to_end.program import PROGRAM, started
from tests.ops.doctor.installation import Installation, installation

Examine: TypeAlias = Callable[..., Awaitable[Diagnosis]]
numbers = count(1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say sooner than usual that something does not move."""
    monkeypatch.setattr(roles, "LOOKS", 3)


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
def hurried(parts: Parts) -> Examine:
    """Examine an installation in the time that is promised, with other parts where a test says so."""

    async def examined(settings: Settings, **changes: Any) -> Diagnosis:
        return await examine(CHECKS, replace(parts, **{"load": lambda: settings, **changes}))

    return examined


@pytest.fixture
def look(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Examine an installation likewise, and wait for a busy machine."""
    for module in (adapters.postgres.health, adapters.nats.health):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 60.0)
    monkeypatch.setattr(roles, "API_SECONDS", 60.0)
    checks = [replace(check, seconds=120.0) for check in CHECKS]

    async def examined(settings: Settings, **changes: Any) -> Diagnosis:
        return await examine(checks, replace(parts, **{"load": lambda: settings, **changes}), within=600.0)

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


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the data folder of a running `up`."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    with started([PROGRAM, "up", "--port", "0", "--data", str(data)], data.parent, "Reprise is up"):
        yield data
