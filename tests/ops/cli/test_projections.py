"""Read models are listed, rebuilt by a projector or by the verb itself, paused, resumed, aborted and pruned."""

import asyncio
import signal
import subprocess
from asyncio.subprocess import PIPE
from functools import partial
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.store import PostgresEventStore
from ops import running
from ops.bench.rebuild import fill
from projections.registry import READ_MODELS
from tests.end_to_end.program import PROGRAM, environment, reprise
from tests.ops.cli.conftest import POSITION, Say

HOLD = "SELECT id FROM read_models.builds WHERE state = 'building' AND position > 0 FOR UPDATE"
PAUSED = """
INSERT INTO read_models.builds (name, version, state, checking, request_key, requested_by)
VALUES ('agents', 2, 'paused', false, 'k', 'ada')
"""


def test_read_models_are_listed_and_rebuilt_by_the_projector_that_runs(up: Say) -> None:
    rebuilt = up("projections", "rebuild", "timeline", "--json").json
    assert (rebuilt["name"], rebuilt["state"], rebuilt["differences"]) == ("timeline", "done", 0)
    assert up("projections", "rebuild", "sessions").output.startswith("sessions: done, ")
    assert "0 differences" in up("projections", "rebuild", "actions", "--check").output
    found = {each["name"]: each for each in up("projections", "list", "--json").json}
    assert set(found) == set(READ_MODELS) and all(each["ours"] for each in found.values())
    assert all(POSITION.fullmatch(each[name]) for each in found.values() for name in ("position", "head"))
    assert (found["timeline"]["build"]["state"], found["verdicts"]["build"]) == ("done", None)
    assert up("projections", "prune").output == "nothing to drop\n"


def test_a_check_that_finds_differences_ends_with_code_1(up: Say, waiting: str, served: Path) -> None:
    mark = running.find(served)
    assert mark
    with psycopg.connect(mark.postgres_url, autocommit=True) as owner:
        owner.execute("UPDATE tasks_v1.tasks SET goal = 'altered'")
    checked = up("projections", "rebuild", "tasks", "--check", "--json")
    assert (checked.code, checked.json["differences"] > 0) == (1, True)
    assert "altered" in up("projections", "rebuild", "tasks", "--check").errors
    assert up("projections", "rebuild", "tasks").code == 0
    assert up("projections", "rebuild", "tasks", "--check").code == 0


@pytest.mark.parametrize("verb", ["rebuild", "pause", "resume", "abort"])
def test_an_unknown_read_model_is_answered_with_the_choices(up: Say, verb: str) -> None:
    said = up("projections", verb, "weather")
    assert said.code == 1 and "Expected a read model out of sessions, tasks" in said.errors


def test_a_paused_rebuild_stays_so_until_it_is_aborted(up: Say, served: Path) -> None:
    mark = running.find(served)
    assert mark
    with psycopg.connect(mark.postgres_url, autocommit=True) as owner:
        owner.execute(PAUSED)
    refused = up("projections", "rebuild", "agents")
    assert refused.code == 1 and "resume it, or abort it first" in refused.errors
    assert up("projections", "pause", "agents", "--json").json["state"] == "paused"
    assert up("projections", "abort", "agents").output == "agents: aborted, 0 of 0 events\n"


def test_what_is_not_being_rebuilt_cannot_be_steered(up: Say) -> None:
    up("projections", "rebuild", "agents")
    for verb in ("pause", "resume", "abort"):
        said = up("projections", verb, "agents")
        assert said.code == 1 and "the last one is done" in said.errors


async def test_a_rebuild_that_is_interrupted_says_how_to_go_on_and_does(database: str, tmp_path: Path) -> None:
    await fill(await PostgresEventStore.open(database), 6_000)
    more = {"REPRISE_POSTGRES_URL": database}

    async def said(*words: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(partial(reprise, "projections", *words, folder=tmp_path, more=more))

    process = await asyncio.create_subprocess_exec(
        PROGRAM, "projections", "rebuild", "timeline", env=environment(more), cwd=tmp_path, stderr=PIPE
    )
    with psycopg.connect(database) as holding:
        async with asyncio.timeout(120):
            while not holding.execute(HOLD).fetchone():  # noqa: ASYNC110 - it stands still while its row is held
                await asyncio.sleep(0)
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert process.returncode == 130
    assert b"`reprise projections resume timeline` goes on" in errors
    refused = await said("rebuild", "timeline")
    assert refused.returncode == 1 and "its process has ended: resume it, or abort it first" in refused.stderr
    resumed = await said("resume", "timeline")
    assert resumed.returncode == 0 and "timeline: done, 6," in resumed.stdout
