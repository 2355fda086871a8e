"""A build that is killed anywhere goes on where it stood, and ends in the very rows that the live read model has.

The short form runs always; REPRISE_TEST_KILLS=20 REPRISE_TEST_EVENTS=100000 is the long one.
"""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from random import Random
from time import monotonic

import pytest

from adapters.postgres.read_models.builds import PostgresBuilds
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.watching import see_through
from adapters.postgres.store import PostgresEventStore
from ops.bench.rebuild import fill
from projections.registry import READ_MODELS
from tests.adapters.postgres.read_models.logs import project_all
from tests.adapters.postgres.read_models.test_projecting import tables

KILLS = int(os.environ.get("REPRISE_TEST_KILLS", "5"))
EVENTS = int(os.environ.get("REPRISE_TEST_EVENTS", "2000"))
BATCH = max(20, EVENTS // 200)
PROGRAM = "tests.adapters.postgres.read_models.build"


async def _started(database: str, name: str) -> Process:
    words = [sys.executable, "-m", PROGRAM, database, name, str(BATCH)]
    process = await asyncio.create_subprocess_exec(*words, stdout=PIPE)
    assert process.stdout and await process.stdout.readline() == b"ready\n"
    return process


async def _begun_at(process: Process) -> int | None:
    """Return the position from which a process that has ended went on, None where it did not come to that."""
    said, _ = await process.communicate()
    found = re.search(rb"rebuilt from position (\d+)", said)
    return int(found[1]) if found else None


@pytest.mark.parametrize("name", ["timeline", "sessions"])
async def test_a_build_that_is_killed_at_random_points_goes_on_and_ends_equal(
    database: str, store: PostgresEventStore, keeper: PostgresReadModels, name: str
) -> None:
    await fill(store, EVENTS)
    store = await PostgresEventStore.open(database)
    await project_all(store, keeper)
    await store.close()
    live, draw, builds = await tables(database), Random(name), PostgresBuilds(database)
    await builds.request(name, check=False, by="test")
    process, began = await _started(database, name), monotonic()
    assert await _begun_at(process) == 0
    whole = monotonic() - began

    await builds.request(name, check=False, by="test")
    stood, resumed, killed = 0, 0, 0
    while killed < KILLS or (not resumed and killed < 10 * KILLS):
        if (await builds.newest(name)).ended:
            stood, _ = 0, await builds.request(name, check=False, by="test")
        process = await _started(database, name)
        await asyncio.sleep(draw.random() * whole)
        if process.returncode is None:
            process.kill()
            killed += 1
        at = await _begun_at(process)
        assert at is None or at >= stood, "a build began again from further back than it stood"
        resumed += at is not None and at > 0
        stood = (await builds.newest(name)).position
    build = await see_through(database, READ_MODELS[name], builds)
    await builds.close()
    assert (build.state, build.differences) == ("done", 0)
    assert await tables(database) == live
    assert resumed, "no build was ever resumed: it was always killed before its first batch"
