"""Servers that are away, hang, refuse us or are set wrongly are told apart."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.embedded.nats import program
from adapters.embedded.postgres import PostgresServer
from adapters.nats.health import greeting
from ops.doctor.database import clock
from ops.doctor.outcome import Finding
from tests.adapters.nats.logs import until
from tests.ops.doctor.conftest import Examine
from tests.ops.doctor.installation import Installation, only
from tests.ports import free_port

MOST_SECONDS = 30.0
"""Three times what is promised, for a machine that is busy."""


@asynccontextmanager
async def bare_nats(folder: Path, **configuration: object) -> AsyncIterator[str]:
    """Run a nats-server with a configuration of its own."""
    port = free_port()
    (folder / "bare.conf").write_text(json.dumps({"host": "127.0.0.1", "port": port, **configuration}))
    quiet = asyncio.subprocess.DEVNULL
    server = await asyncio.create_subprocess_exec(program(), "-c", "bare.conf", cwd=folder, stderr=quiet)
    url = f"nats://127.0.0.1:{port}"

    async def listens() -> bool:
        return bool(await greeting(url))

    try:
        await until(listens)
        yield url
    finally:
        server.terminate()
        await server.wait()


async def test_a_postgres_that_is_not_there(look: Examine, well: Installation) -> None:
    found = await look(replace(well.settings, postgres_url="postgresql://127.0.0.1:1/reprise"))
    only(found, "postgres-unreachable")
    skipped = {each.code: each.because for each in found.skipped}
    assert skipped["log-positions"] == skipped["projector"] == "first see to postgres-unreachable"
    assert "nats" in found.checked


async def test_a_database_that_is_not_there(look: Examine, well: Installation) -> None:
    url = well.settings.postgres_url.replace("/doctors_well", "/doctors_dream")
    assert "does not exist" in only(await look(replace(well.settings, postgres_url=url)), "postgres-refuses").found


async def test_a_postgres_that_hangs_is_found_in_time(
    hurried: Examine, well: Installation, postgres: PostgresServer
) -> None:
    os.kill(postgres.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        only(await hurried(well.settings), "postgres-hangs")
        assert time.monotonic() - began < MOST_SECONDS
    finally:
        os.kill(postgres.pid, signal.SIGCONT)


async def test_a_postgres_that_may_lose_what_it_has_taken(look: Examine, well: Installation) -> None:
    async with well.but(
        "ALTER DATABASE doctors_well SET synchronous_commit = off",
        undo="ALTER DATABASE doctors_well RESET synchronous_commit",
    ):
        assert "synchronous_commit" in only(await look(well.settings), "durability-off").found


async def test_clocks_that_differ(look: Examine, well: Installation) -> None:
    found = await look(well.settings, now=lambda: datetime.now(UTC) - timedelta(seconds=5_000))
    assert re.search(r"(4999|5000)\.\d s ahead", only(found, "clocks-differ").found)


@pytest.mark.parametrize(
    ("ahead", "took", "found"),
    [(0.9, 0.0, ""), (1.2, 0.0, "1.2 s ahead of"), (-1.2, 0.0, "1.2 s behind"), (2.4, 1.0, "")],
)
async def test_clocks_may_differ_by_a_second_and_by_what_the_question_took(
    ahead: float, took: float, found: str
) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    times = iter((begun, begun + timedelta(seconds=2 * took)))

    class Log:
        async def fetch(self, _: str) -> list[dict[str, datetime]]:
            return [{"at": begun + timedelta(seconds=ahead)}]

    patient: Any = SimpleNamespace(log=Log(), parts=SimpleNamespace(now=lambda: next(times)))
    said = await clock(patient)
    assert (isinstance(said, Finding) and found in said.found) if found else said is None


async def test_a_nats_that_is_not_there(look: Examine, well: Installation) -> None:
    found = await look(replace(well.settings, nats_url="nats://127.0.0.1:1"))
    only(found, "nats-unreachable")
    assert {each.because for each in found.skipped if each.code in ("relay", "projector")} == {
        "first see to nats-unreachable"
    }


async def test_a_nats_that_hangs_is_found_in_time(hurried: Examine, well: Installation) -> None:
    os.kill(well.nats.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        only(await hurried(well.settings), "nats-hangs")
        assert time.monotonic() - began < MOST_SECONDS
    finally:
        os.kill(well.nats.pid, signal.SIGCONT)


async def test_a_nats_that_does_not_know_our_token(
    look: Examine, well: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.nats.health.ANSWER_SECONDS", 2.0)
    url = f"nats://another@127.0.0.1:{well.nats.port}"
    assert "Authorization" in only(await look(replace(well.settings, nats_url=url)), "nats-refuses").found


async def test_a_nats_without_jetstream(look: Examine, well: Installation, tmp_path: Path) -> None:
    async with bare_nats(tmp_path) as url:
        only(await look(replace(well.settings, nats_url=url)), "jetstream-off")


async def test_a_nats_that_takes_small_messages_only(look: Examine, well: Installation, tmp_path: Path) -> None:
    async with bare_nats(tmp_path, max_payload=65_536, jetstream={"store_dir": "."}) as url:
        assert "65536" in only(await look(replace(well.settings, nats_url=url)), "nats-payload-small").found


async def test_what_answers_but_is_no_nats(look: Examine, well: Installation) -> None:
    async def welcome(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        writer.close()

    async with await asyncio.start_server(welcome, "127.0.0.1", 0) as server:
        url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = await look(replace(well.settings, nats_url=url))
    assert "does not speak NATS" in only(found, "nats-unreachable").found
