"""Run every role as a process of its own on real servers, under a supervisor that starts again whatever dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded.nats import NatsServer, embedded_nats
from adapters.embedded.postgres import PostgresServer, embedded_postgres
from adapters.embedded.process import Server
from adapters.postgres.migrations import migrate
from adapters.postgres.store import PostgresEventStore
from tests.beside import running_beside
from tests.chaos.shops import write_scripts

ROLES = ("api", "worker", "worker", "relay", "projector")
SERVES_WITHIN = 180.0
START_AGAIN_SECONDS = 0.2


class Process:
    """Be one role in a process of its own, started again whenever it has died."""

    def __init__(self, role: str, name: str, environment: dict[str, str], folder: Path):
        self.role, self.name, self.url = role, name, ""
        self.serves = asyncio.Event()
        self.ended_by_itself: list[str] = []
        self._environment, self._log = environment, folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Return the id of the process that was started last."""
        return self._process.pid if self._process else 0

    async def run(self) -> None:
        """Keep the process alive until cancelled."""
        try:
            while True:
                await self._live()
                await asyncio.sleep(START_AGAIN_SECONDS)
        finally:
            await self._end()

    async def _live(self) -> None:
        command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "ops.cli.main", "serve", self.role]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode().strip()
        if line.startswith(f"serving {self.role}"):
            self.url = line.rpartition(" ")[2] if self.role == "api" else ""
            self.serves.set()
        code = await self._process.wait()
        self.serves.clear()
        if code != -signal.SIGKILL:
            self.ended_by_itself.append(f"{self.name} ended with code {code}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return lines[-1] if lines else "nothing"

    async def kill(self) -> None:
        """Kill the process, and wait until another serves in its place."""
        if self._process and self._process.returncode is None:
            self.serves.clear()
            _signal([self._process.pid], signal.SIGKILL)
        await self.until_serving()

    async def until_serving(self) -> None:
        """Wait until the process serves; the test fails with its last words."""
        try:
            await asyncio.wait_for(self.serves.wait(), SERVES_WITHIN)
        except TimeoutError:
            said = [*self.ended_by_itself[-3:], self._last_words()]
            raise AssertionError(f"{self.name} does not serve: {said}") from None

    async def stop(self, seconds: float) -> None:
        """Stop the process for a while, in the middle of whatever it does."""
        await self.until_serving()
        assert self._process is not None
        await frozen([self._process.pid], seconds)

    async def _end(self) -> None:
        if self._process and self._process.returncode is None:
            _signal([self._process.pid], signal.SIGKILL)
            await self._process.wait()


class ServerProcess:
    """Be Postgres or NATS as a victim."""

    def __init__(self, name: str, server: Server):
        self.name, self._server = name, server

    async def kill(self) -> None:
        """Kill the server and start it again at the same address."""
        _signal([self._server.pid], signal.SIGKILL)
        await self._server.restart()

    async def stop(self, seconds: float) -> None:
        """Stop the server, and in the case of Postgres its backends, for a while."""
        await frozen([self._server.pid, *children(self._server.pid)], seconds)


@dataclass
class Cluster:
    """Hold the servers and the processes."""

    postgres: PostgresServer
    nats: NatsServer
    models: dict[str, str]
    processes: Sequence[Process] = ()

    @property
    def victims(self) -> Sequence[Process | ServerProcess]:
        """Return everything that may be killed or stopped."""
        return [*self.processes, ServerProcess("postgres", self.postgres), ServerProcess("nats", self.nats)]

    def urls(self) -> list[str]:
        """Return where the API is served at this moment."""
        return [process.url for process in self.processes if process.role == "api" and process.url]

    async def all_serve(self) -> None:
        """Wait until every process serves."""
        for process in self.processes:
            await process.until_serving()

    @asynccontextmanager
    async def log(self) -> AsyncIterator[PostgresEventStore]:
        """Open the log beside the processes."""
        store = await PostgresEventStore.open(self.postgres.url)
        try:
            yield store
        finally:
            await store.close()


@asynccontextmanager
async def cluster(folder: Path, roles: Iterable[str] = ROLES) -> AsyncIterator[Cluster]:
    """Run servers and roles in a folder until the block ends."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(embedded_postgres(folder / "postgres"))
        nats = await stack.enter_async_context(embedded_nats(folder / "nats"))
        await migrate(postgres.url)
        running = Cluster(postgres, nats, write_scripts(folder))
        given = environment(folder, postgres.url, nats.url, running.models.values())
        running.processes = [Process(role, f"{role}-{number}", given, folder) for number, role in enumerate(roles, 1)]
        await stack.enter_async_context(running_beside(*(each.run() for each in running.processes)))
        await running.all_serve()
        yield running


def environment(folder: Path, postgres_url: str, nats_url: str, models: Iterable[str]) -> dict[str, str]:
    """Return the settings under which the roles run; the breaker closes again quickly."""
    return {
        "PATH": os.environ["PATH"],
        "REPRISE_DATA": str(folder / "data"),
        "REPRISE_POSTGRES_URL": postgres_url,
        "REPRISE_NATS_URL": nats_url,
        "REPRISE_PORT": "0",
        "REPRISE_MODELS": ",".join(models),
        "REPRISE_BREAKER__OPEN_MS": "500",
    }


async def frozen(pids: Sequence[int], seconds: float) -> None:
    """Stop processes for a while."""
    _signal(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(reversed(pids), signal.SIGCONT)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, number)


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]
