"""Start the real servers once for all tests; give every test a database or a NATS store of its own.

`anyio_mode = auto` (pyproject.toml) runs every `async def test_…`, all in one event loop.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from adapters.embedded.nats import NatsServer, embedded_nats
from adapters.embedded.postgres import PostgresServer, embedded_postgres
from adapters.postgres.store import PostgresEventStore

TEMPLATE = "migrated"
numbers = count(1)
LONGEST = ("tests/end_to_end/", "tests/ops/cli/", "tests/explorer/")
MEMORY, ROOM = Path("/dev/shm"), 8 << 30
"""Where folders are in memory, and how many bytes must be free there."""

# A busy machine is slow, not wrong: what must be fast is measured by the benchmarks. `make test` draws the same cases
# each time, so that a change is held against what it changed; `make fuzz` draws new ones, and finds what is left.
settings.register_profile("new-cases", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same-cases", settings.get_profile("new-cases"), derandomize=True, database=None)
settings.load_profile("same-cases")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process of a run works alone at its end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory where there is room, for a database is 460 files: a twentieth of the time.

    A TMPDIR that is set stands, which is also how the processes of a run share one folder.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return
    for left in MEMORY.glob("reprise-tests-*"):
        if not Path(f"/proc/{left.name.rpartition('-')[2]}").exists():  # a run that was killed
            shutil.rmtree(left, ignore_errors=True)
    folder = MEMORY / f"reprise-tests-{os.getpid()}"
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio only; session-wide, so that session-wide servers share the tests' loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Yield a short folder that is gone after the run; pytest's own would keep three runs' clusters."""
    folder = Path(tempfile.mkdtemp(prefix="reprise-tests-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def postgres(servers_folder: Path) -> AsyncIterator[PostgresServer]:
    """Run one Postgres for the whole session."""
    async with embedded_postgres(servers_folder / "postgres") as server:
        yield server


@pytest.fixture(scope="session")
async def nats_server(servers_folder: Path) -> AsyncIterator[NatsServer]:
    """Run one NATS for the whole session; its streams are shared by all tests that ask for it."""
    async with embedded_nats(servers_folder / "nats") as server:
        yield server


@pytest.fixture
async def fresh_nats(servers_folder: Path) -> AsyncIterator[NatsServer]:
    """Run a NATS with an empty store for one test."""
    async with embedded_nats(servers_folder / f"nats-{next(numbers)}") as server:
        yield server


@pytest.fixture(scope="session")
async def migrated_template(postgres: PostgresServer) -> str:
    """Create and migrate the database that every test's own is copied from; return its name."""
    from adapters.postgres.migrations import migrate

    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(f"create database {TEMPLATE}")
    await migrate(postgres.url_of(TEMPLATE))
    return TEMPLATE


@pytest.fixture
async def database(postgres: PostgresServer, migrated_template: str) -> AsyncIterator[str]:
    """Yield the URL of a freshly migrated database that is dropped after the test."""
    name = f"test_{next(numbers)}"
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(f"create database {name} template {migrated_template} strategy file_copy")
    yield postgres.url_of(name)
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute(f"drop database {name} with (force)")


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresEventStore]:
    """Open the log of this test's own database."""
    opened = await PostgresEventStore.open(database)
    yield opened
    await opened.close()
