"""Serve, be found by the data folder, refuse what cannot be served, and end cleanly."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.end_to_end.program import PROGRAM, environment, processes_in, ran, reprise, started
from tests.ops.cli.conftest import SECONDS

NOWHERE = {
    "REPRISE_POSTGRES_URL": "postgresql://127.0.0.1:1/reprise",
    "REPRISE_NATS_URL": "nats://127.0.0.1:1",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder."""
    with TemporaryDirectory(prefix="reprise-cli-") as name:
        yield Path(name).resolve()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_says_where_it_is_serves_and_ends_cleanly_when_told(folder: Path, number: signal.Signals) -> None:
    with started([PROGRAM, "up", "--port", "0"], folder, "Reprise is up") as (process, line):
        url = line.rpartition(" ")[2]
        with urlopen(f"{url}/healthz", timeout=60) as answer:
            assert json.load(answer) == {"status": "ok"}
        found = json.loads((folder / ".reprise" / "running.json").read_bytes())
        assert found["url"] == url and found["pid"] == process.pid
        assert (folder / ".reprise" / "running.json").stat().st_mode & 0o077 == 0
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
    assert not (folder / ".reprise" / "running.json").exists()
    assert processes_in(folder) == []


def test_an_up_that_listens_elsewhere_answers_where_it_says_it_is(folder: Path) -> None:
    more = {"REPRISE_TOKENS__REQUIRED": "true"}
    command: list[str | Path] = [PROGRAM, "up", "--port", "0", "--host", "127.0.0.2"]
    with started(command, folder, "Reprise is up", more) as (_, line):
        with urlopen(f"{line.rpartition(' ')[2]}/healthz", timeout=60) as answer:
            assert answer.status == 200
        # It may have to catch up with its own beginnings first.
        _until(lambda: reprise("doctor", folder=folder, more=more).returncode == 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_told_to_end_while_it_starts_leaves_no_process_behind(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [PROGRAM, "up", "--port", "0"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _until(lambda: (folder / ".reprise" / "postgres").exists())
    process.send_signal(number)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number and "Traceback" not in errors
    _until(lambda: processes_in(folder) == [])  # killed servers take a moment to be gone


def test_a_second_up_on_the_same_data_folder_says_what_to_do(folder: Path, served: Path) -> None:
    done = reprise("up", "--port", "0", "--data", str(served), folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = done.stderr.splitlines()
    assert told.startswith("Error: Reprise is up on") and "name another folder with --data" in told


def test_a_verb_finds_a_data_folder_that_another_verb_uses_taken(folder: Path) -> None:
    with started([PROGRAM, "up", "--port", "0"], folder, "Reprise is up"):
        (folder / ".reprise" / "running.json").unlink()
        done = reprise("sessions", "list", folder=folder)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert "is in use by process" in told and "choose another data folder" in told


def test_a_port_that_is_taken_is_named_and_nothing_stays_behind(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        done = reprise("up", "--port", str(port), folder=folder)
    assert done.returncode == 1
    (told,) = done.stderr.splitlines()
    assert f"Port {port} on 127.0.0.1" in told and "--port" in told
    assert processes_in(folder) == []


def test_what_a_killed_up_left_behind_does_not_count(folder: Path) -> None:
    with started([PROGRAM, "up", "--port", "0"], folder, "Reprise is up") as (process, _):
        process.kill()
        process.wait()
    assert (folder / ".reprise" / "running.json").exists()
    done = reprise("sessions", "list", folder=folder)
    assert done.returncode == 0 and "No sessions yet" in done.stdout


def test_up_with_json_prints_one_line(folder: Path) -> None:
    with started([PROGRAM, "up", "--port", "0", "--json"], folder, '"url"') as (_, line):
        assert json.loads(line)["data"] == str(folder / ".reprise")


def test_up_demo_leaves_its_approval_to_people_and_ends_though_it_is_watched(folder: Path) -> None:
    with started([PROGRAM, "up", "--port", "0", "--demo"], folder, "The sample goal runs as session") as (
        process,
        line,
    ):
        session = line.split("session ")[1].split()[0]
        with started([PROGRAM, "sessions", "watch", session], folder, "It waits for you") as (_, line):
            assert f"`reprise approvals show {session}-call-2-1`" in line
        assert f"{session}-call-2-1" in reprise("approvals", "list", folder=folder).stdout
        assert reprise("approvals", "approve", f"{session}-call-2-1", folder=folder).returncode == 0
        url = json.loads((folder / ".reprise" / "running.json").read_bytes())["url"]
        request = Request(f"{url}/sessions/{session}/events", headers={"Accept": "text/event-stream"})
        with (
            connect(f"{url.replace('http', 'ws', 1)}/streams/{session}", proxy=None) as frames,
            urlopen(request) as events,
        ):
            process.send_signal(signal.SIGINT)
            assert b"event: problem" in events.read()
            with pytest.raises(ConnectionClosed):
                while True:
                    frames.recv(timeout=SECONDS)
            assert process.wait(SECONDS) == 0
        assert process.stdout and "Traceback" not in process.stdout.read()


def test_servers_that_cannot_be_reached_are_named_in_one_line_and_in_time(folder: Path) -> None:
    lines = (["up", "--port", "0"], ["serve", "relay"], ["sessions", "list"], ["migrate", "--json"])
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [PROGRAM, *line],
            cwd=folder,
            env=environment(NOWHERE),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in lines
    ]
    for process in running:
        output, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, output) == (1, "")
        (told,) = errors.splitlines()
        assert "Expected Postgres to answer within 10 s" in told and "where REPRISE_POSTGRES_URL is set" in told
    assert time.monotonic() - begun < SECONDS


async def test_an_unreachable_nats_is_named_in_one_line(folder: Path, database: str) -> None:
    done = ran([PROGRAM, "serve", "worker"], folder, {**NOWHERE, "REPRISE_POSTGRES_URL": database})
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = done.stderr.splitlines()
    assert "Expected NATS to answer within 10 s" in told and "where REPRISE_NATS_URL is set" in told


async def test_verbs_do_without_nats_and_reads_never_ask_for_it(folder: Path, database: str) -> None:
    more = {**NOWHERE, "REPRISE_POSTGRES_URL": database}
    done = ran([PROGRAM, "sessions", "list"], folder, more)
    assert (done.returncode, done.stderr) == (0, "")
    begun = time.monotonic()
    done = ran([PROGRAM, "sessions", "cancel", "00000000-0000-0000-0000-000000000001"], folder, more)
    assert time.monotonic() - begun < SECONDS
    noted, told = done.stderr.splitlines()
    assert "No worker is woken" in noted and "NATS to answer within 2 s" in noted
    assert "nothing is recorded under this id" in told


async def test_a_schema_that_is_too_new_is_refused(folder: Path, database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.pre', 'x')")
    for line in (["sessions", "list"], ["migrate"], ["serve", "relay"]):
        done = ran([PROGRAM, *line], folder, {**NOWHERE, "REPRISE_POSTGRES_URL": database})
        assert (done.returncode, done.stdout) == (1, "")
        (told,) = done.stderr.splitlines()
        assert "9999_later.pre" in told and "Install the version that wrote it" in told


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)
