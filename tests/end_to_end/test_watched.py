"""Every role can be asked how it is, and tells its log in JSON."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from adapters.embedded.nats import NatsServer
from tests.end_to_end.program import PROGRAM, ran, started
from tests.ports import free_port

SECONDS = 120
ROLES = ("projector", "api")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder."""
    with TemporaryDirectory(prefix="reprise-watched-") as name:
        yield Path(name).resolve()


def answer(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host}), timeout=60) as said:
            return said.status, said.read().decode()
    except HTTPError as fault:
        return fault.code, fault.read().decode()


async def test_a_role_is_asked_on_a_port_aside(folder: Path, database: str, fresh_nats: NatsServer) -> None:
    servers = {"REPRISE_POSTGRES_URL": database, "REPRISE_NATS_URL": fresh_nats.url, "REPRISE_PORT": "0"}
    ports = {role: free_port() for role in ROLES}
    with ExitStack() as stack:
        for role, port in ports.items():
            more = {**servers, "REPRISE_METRICS__PORT": str(port), "REPRISE_LOG_LEVEL": "INFO"}
            stack.enter_context(started([PROGRAM, "serve", role], folder, f"serving {role}", more))
        for port in ports.values():
            assert answer(port, "/healthz") == (200, '{"status":"ok"}')
            _becomes(port, "/readyz", 200, '"parts":["log","nats","relay","read-models"]')
            _becomes(port, "/metrics", 200, 'reprise_up{part="log"} 1.0')
            assert answer(port, "/sessions")[0] == 404
            assert answer(port, "/metrics", host="evil.example")[0] == 421
        assert "reprise_projection_skipped_events 0.0" in answer(ports["projector"], "/metrics")[1]
        await fresh_nats.stop()
        _becomes(ports["projector"], "/readyz", 503, "Expected NATS to answer")


def _becomes(port: int, path: str, status: int, words: str) -> None:
    """Ask until the answer is of a status and holds some words."""
    until = time.monotonic() + SECONDS
    while (told := answer(port, path))[0] != status or words not in told[1]:
        assert time.monotonic() < until, told
        time.sleep(0.1)


async def test_what_serves_logs_in_json_and_its_last_words_are_for_people(
    folder: Path, database: str, fresh_nats: NatsServer
) -> None:
    more = {"REPRISE_POSTGRES_URL": database, "REPRISE_NATS_URL": fresh_nats.url, "REPRISE_LOG_LEVEL": "INFO"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ran([PROGRAM, "serve", "api"], folder, {**more, "REPRISE_METRICS__PORT": str(port), "REPRISE_PORT": "0"})
    assert done.returncode == 1
    *lines, last = done.stderr.splitlines()
    assert f"Port {port} on 127.0.0.1 cannot be listened on" in last and "REPRISE_METRICS__PORT" in last
    assert lines and all(json.loads(line)["role"] == "api" for line in lines)
