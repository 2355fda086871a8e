"""What is meant to run but does not keep up is found, and only that."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.nats.wakeups import NatsWakeups
from adapters.postgres.health import PostgresHealth
from adapters.postgres.read_models.builds import PostgresBuilds
from ops.doctor import read_models, roles
from ops.settings import Settings
from projections.registry import READ_MODELS
from tests.adapters.nats.logs import append
from tests.ops.doctor.conftest import Examine
from tests.ops.doctor.installation import Installation, mark_of, only

LANES = ("interactive", "standard", "batch")


@asynccontextmanager
async def pulling(own: Installation) -> AsyncIterator[None]:
    """Wait for wake-ups as a worker does, for the duration of the block."""
    waiting = asyncio.ensure_future(anext(NatsWakeups(own.client).pull(LANES)))
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for the duration of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_running_up_is_well_and_one_that_is_stopped_is_found(
    look: Examine, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=str(served))
    assert "running" in (await look(settings)).checked
    monkeypatch.setattr(roles, "API_SECONDS", 1.0)
    with stopped(mark_of(served)["pid"]):
        assert f"process {mark_of(served)['pid']}" in only(await look(settings), "api-silent").found


async def test_a_stream_that_is_missing(look: Examine, own: Installation) -> None:
    await own.client.jetstream().delete_stream("REPRISE_EVENTS")
    only(await look(own.settings), "stream-missing")


async def test_a_stream_of_another_log(look: Examine, ill: Installation) -> None:
    await ill.execute("UPDATE log_identity SET log_id = gen_random_uuid()")
    await ill.project()
    only(await look(ill.settings), "stream-of-another-log")


async def test_a_relay_that_stands_still(look: Examine, ill: Installation) -> None:
    head = await append(ill.store, 2)
    await ill.project()
    assert f"the log at {head}" in only(await look(ill.settings), "relay-stands-still").found


async def test_a_projector_that_stands_still(look: Examine, own: Installation) -> None:
    await append(own.store, 2)
    await own.relay()
    assert "2 events behind" in only(await look(own.settings), "projector-stands-still").found


async def test_one_read_model_that_stands_still(look: Examine, own: Installation) -> None:
    await append(own.store, 2)
    await own.relay()
    await own.project([name for name in READ_MODELS if name != "timeline"])
    assert only(await look(own.settings), "read-model-stands-still").found.endswith(": timeline.")


async def test_who_moves_is_not_called_dead(look: Examine, own: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "LOOKS", 300)
    await append(own.store, 2)

    async def keep_up() -> None:
        await asyncio.sleep(0.1)
        await own.relay()
        await own.project()

    found, _ = await asyncio.gather(look(own.settings), keep_up())
    assert found.healthy


async def test_who_moves_without_arriving_does_not_stand_still() -> None:
    steps = count(1)

    async def positions() -> Mapping[str, int]:
        return {"walks": next(steps), "stands": 7, "is there": 1_000}

    assert await roles.standing_still(positions, 1_000) == {"stands"}


async def test_work_that_no_worker_takes(look: Examine, own: Installation) -> None:
    await own.owe(timedelta(seconds=30))
    assert only(await look(own.settings), "no-worker").found.endswith(": standard.")


async def test_a_session_that_workers_cannot_move_on(look: Examine, own: Installation) -> None:
    session = await own.owe(timedelta(minutes=5))
    async with pulling(own):
        assert str(session) in only(await look(own.settings), "session-stuck").found


async def test_work_that_is_late_but_taken_now_is_no_fault(
    look: Examine, own: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = PostgresHealth.fetch

    async def fetch_then_take(self: PostgresHealth, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        rows = await fetch(self, statement, **values)
        if values == {"seconds": roles.STUCK_SECONDS}:
            taken = rows[0]["session"]
            await own.execute(f"DELETE FROM open_work_v1.open_work WHERE session_id = '{taken}'")
        return rows

    monkeypatch.setattr(PostgresHealth, "fetch", fetch_then_take)
    for _ in range(3):
        await own.owe(timedelta(minutes=5))
    async with pulling(own):
        found = await look(own.settings)
    assert found.healthy and "late in 3 sessions" in found.notes[0]


async def test_newer_code_that_keeps_read_models_here(look: Examine, ill: Installation) -> None:
    await ill.execute("SELECT read_models.make_schema('sessions_v99')")
    await ill.execute(
        "INSERT INTO read_models.versions (name, version, log_id, position) "
        "SELECT 'sessions', 99, log_id, 1 FROM log_identity"
    )
    assert "sessions is here in version 99" in only(await look(ill.settings), "code-older").found


async def test_older_versions_are_no_fault(look: Examine, ill: Installation) -> None:
    await ill.execute("SELECT read_models.make_schema('sessions_v0')")
    await ill.execute(
        "INSERT INTO read_models.versions (name, version, log_id, position) "
        "SELECT 'sessions', 0, log_id, 1 FROM log_identity"
    )
    found = await look(ill.settings)
    assert found.healthy and "projections prune" in found.notes[0]


async def test_builds_that_rest_failed_or_were_left(
    look: Examine, ill: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_models, "ORPHANED_AFTER", timedelta())
    builds = PostgresBuilds(ill.settings.postgres_url)
    await builds.request("timeline", check=False, by="ada")
    assert "timeline" in only(await look(ill.settings), "build-orphaned").found
    await builds.pause("timeline")
    assert "projections resume timeline" in only(await look(ill.settings), "build-paused").fix
    await ill.execute("UPDATE read_models.builds SET state = 'failed', error = 'the disk was full'")
    assert "the disk was full" in only(await look(ill.settings), "build-failed").found
    await ill.execute("UPDATE read_models.builds SET state = 'done'")
    await builds.close()
    assert (await look(ill.settings)).healthy


async def test_without_a_nats_nothing_is_meant_to_run(look: Examine, well: Installation) -> None:
    found = await look(replace(well.settings, nats_url="", port=0))
    assert found.healthy
    assert {each.because for each in found.skipped if each.code == "nats"} == {
        "no NATS is set, and no `reprise up` runs"
    }
