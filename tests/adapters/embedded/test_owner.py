"""Servers die with the process that owns them, and the next owner finds their folder usable."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from adapters.embedded import folder
from adapters.embedded.postgres import embedded_postgres

ROOT = Path(__file__).resolve().parents[3]
ORDINARY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
# So that nobody can read an interpreter or a checkout that lies in root's private home.
READING = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"]


@asynccontextmanager
async def owner(data: Path, *prefix: str) -> AsyncIterator[tuple[Process, list[int]]]:
    """Run owner.py without any environment, LANG and HOME included, and yield it with its servers' ids."""
    command = [*prefix, sys.executable, "-m", "tests.adapters.embedded.owner", str(data)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={}, stdin=PIPE, stdout=PIPE)
    assert process.stdout
    pids = json.loads(await process.stdout.readline())["pids"]
    try:
        yield process, pids
    finally:
        await process.communicate(b"")  # an empty input closes it


async def gone(pids: list[int]) -> bool:
    for _ in range(3_000):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        await asyncio.sleep(0.02)
    return False


async def answers(data: Path) -> bool:
    async with (
        embedded_postgres(data / "postgres") as server,
        await psycopg.AsyncConnection.connect(server.url) as connection,
    ):
        return await (await connection.execute("select 1")).fetchone() == (1,)


async def test_an_owner_without_environment_starts_and_ends_both_cleanly(tmp_path: Path) -> None:
    async with owner(tmp_path) as (process, pids):
        pass
    assert process.returncode == 0
    assert await gone(pids)


async def test_a_killed_owners_servers_go_too_and_the_folder_starts_again(tmp_path: Path) -> None:
    async with owner(tmp_path) as (process, pids):
        process.kill()
    assert await answers(tmp_path)
    assert await gone(pids)


async def test_an_orphan_that_cannot_hear_is_killed_by_the_next_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "ORPHAN_MAY_FINISH", 0.2)
    async with owner(tmp_path) as (process, pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        process.kill()
    try:
        assert await answers(tmp_path)
    finally:
        os.kill(pids[1], signal.SIGKILL)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests ran as an ordinary user already")
async def test_an_ordinary_user_needs_no_privilege(tmp_path: Path) -> None:
    data = Path(os.path.realpath(tmp_path)) / "theirs"
    data.mkdir()
    for path in (data, *list(data.parents)[:1]):
        os.chown(path, 65534, 65534)
    async with owner(data, *ORDINARY, *READING) as (process, pids):
        assert Path(f"/proc/{pids[0]}").stat().st_uid == 65534
    assert process.returncode == 0
