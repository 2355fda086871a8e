"""A lost stream and a restored database heal: stream and read models end up equal to the log, by event id."""

import asyncio
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.chaos.checks import (
    check_dense,
    check_read_models,
    check_replays,
    check_stream,
    stories,
    until_ended,
    whole_log,
)
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.load import Client, Load, running
from tests.chaos.shops import document, shops

END_WITHIN_SECONDS = 300.0


async def test_a_nats_that_lost_its_store_is_filled_again(servers_folder: Path) -> None:
    async with working(servers_folder / "lost-stream") as (processes, load):
        await work(processes, load, 4)
        os.kill(processes.nats.pid, signal.SIGKILL)
        shutil.rmtree(processes.nats.home / "jetstream")
        await processes.nats.restart()
        await work(processes, load, 4)
        await check(processes)


async def test_a_database_restored_to_an_earlier_backup_is_followed_by_everything_else(servers_folder: Path) -> None:
    async with working(servers_folder / "restored") as (processes, load):
        await work(processes, load, 3)
        await load.start()  # is still at work when the backup is made
        await back_up(processes)
        await work(processes, load, 6)
        assert (await add_agent(load, "before")) == 201
        await restore(processes)
        assert (await add_agent(load, "after")) == 201, "the API still has the agent that the restored log lost"
        await work(processes, load, 9)
        await check(processes)


async def test_a_log_that_grows_past_its_lost_end_at_once_is_told_from_the_old_one(servers_folder: Path) -> None:
    async with working(servers_folder / "overgrown") as (processes, load):
        await work(processes, load, 2)
        await back_up(processes)
        await work(processes, load, 1)
        await restore(processes)
        await asyncio.gather(*(load.start() for _ in range(20)))
        await work(processes, load, 1)
        await check(processes)


@asynccontextmanager
async def working(folder: Path) -> AsyncIterator[tuple[Cluster, Load]]:
    """Run a cluster with a human who answers."""
    chance = random.Random(5)
    async with cluster(folder) as processes, shops() as selling, httpx.AsyncClient(timeout=8) as http:
        load = Load(Client(processes, http, chance), chance, selling)
        await load.register(document)
        async with running(load.answer_questions()):
            yield processes, load


async def work(processes: Cluster, load: Load, count: int) -> None:
    """Start sessions and wait for the end of all that the log knows."""
    for _ in range(count):
        await load.start()
    async with processes.log() as store:
        known = set(stories(await whole_log(store)))
        await until_ended(store, lambda: known, END_WITHIN_SECONDS)


async def add_agent(load: Load, key: str) -> int:
    """Register the same new agent under another request and return the status."""
    return (
        await load.client.write("/agents", {"id": "clerk", "role": "executor", "promptTemplate": "You do."}, key)
    ).status_code


async def back_up(processes: Cluster) -> None:
    """Copy the stopped database."""
    await processes.postgres.stop()
    shutil.copytree(processes.postgres.home, backup_of(processes), symlinks=True)
    await processes.postgres.start()


async def restore(processes: Cluster) -> None:
    """Put the copy back in the place of what was written since."""
    await processes.postgres.stop()
    shutil.rmtree(processes.postgres.home)
    shutil.move(backup_of(processes), processes.postgres.home)
    await processes.postgres.start()


def backup_of(processes: Cluster) -> Path:
    """Return where the copy is kept."""
    return processes.postgres.home.with_name("backup")


async def check(processes: Cluster) -> None:
    """Hold log, stream and read models against one another."""
    async with processes.log() as store:
        log = await whole_log(store)
        check_dense(log)
        await check_replays(store, stories(log).values())
        await check_stream(processes.nats.url, log)
    await check_read_models(processes.postgres.url)
