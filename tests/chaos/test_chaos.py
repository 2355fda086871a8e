"""Dying is harmless: whatever is killed or stopped, nothing acknowledged is lost and nothing is done twice."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.chaos.checks import (
    Story,
    check_acknowledged,
    check_attempts,
    check_calls,
    check_dense,
    check_keys,
    check_read_models,
    check_replays,
    check_stream,
    is_keyed,
    stories,
    until_ended,
    whole_log,
)
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.faults import Faults
from tests.chaos.letters import check_letters, check_listed, decide_letters, is_decided, letters, until_all
from tests.chaos.load import Client, Load, running
from tests.chaos.shops import break_one, document, shops

FAULTS = int(os.environ.get("REPRISE_CHAOS_FAULTS", "24"))
SEED = int(os.environ.get("REPRISE_CHAOS_SEED", "1"))
START_EVERY_SECONDS = 0.4
END_WITHIN_SECONDS = 300.0


async def test_nothing_is_lost_and_nothing_done_twice_whatever_dies(servers_folder: Path) -> None:
    chance = random.Random(SEED)
    faults = Faults(FAULTS, chance)
    print(f"seed {SEED}, {FAULTS} faults (REPRISE_CHAOS_SEED, REPRISE_CHAOS_FAULTS)", file=sys.stderr, flush=True)
    async with cluster(servers_folder / "chaos") as processes, load(processes, chance) as working:
        try:
            async with running(working.answer_questions(), decide_letters(working), working.read_along()):
                async with running(break_shops(working)):
                    async with asyncio.TaskGroup() as tasks:
                        inflicting = tasks.create_task(faults.inflict(processes.victims))
                        await working.keep_starting(START_EVERY_SECONDS, inflicting)
                    await until_all_ended(processes, working)
                await until_all_decided(processes, working)
            await check(processes, working)
        except BaseException as fault:
            fault.add_note("\n".join([f"seed {SEED}", *faults.done, *ended_by_themselves(processes)]))
            raise


@asynccontextmanager
async def load(processes: Cluster, chance: random.Random) -> AsyncIterator[Load]:
    """Register both shops and be ready to use the service."""
    async with shops() as selling, httpx.AsyncClient(timeout=8) as http:
        working = Load(Client(processes, http, chance), chance, selling)
        await working.register(document)
        yield working


async def break_shops(working: Load) -> None:
    """Plan faults at the shops for ever."""
    while True:
        break_one(working.chance, working.shops)
        await asyncio.sleep(0.25)


async def until_all_ended(processes: Cluster, working: Load) -> None:
    """Wait for the end of every session that was started."""
    async with processes.log() as log:
        await until_ended(log, lambda: set(working.acknowledged.sessions.values()), END_WITHIN_SECONDS)


async def until_all_decided(processes: Cluster, working: Load) -> None:
    """Wait until the human has decided about every dead letter, and for what becomes of it."""
    async with processes.log() as log:
        await until_all(log, lambda story: is_decided(story, working.acknowledged), END_WITHIN_SECONDS)


async def check(processes: Cluster, working: Load) -> None:
    """Hold everything against everything."""
    async with processes.log() as store:
        log = await whole_log(store)
        told = stories(log)
        check_dense(log)
        check_acknowledged(log, working.acknowledged)
        check_keys(told.values(), working.shops.values())
        for story in told.values():
            check_calls(story, working.count, keyed=is_keyed(story))
            check_letters(story, working.acknowledged)
            check_attempts(story)
        await check_replays(store, told.values())
        await check_stream(processes.nats.url, await whole_log(store))
    await check_read_models(processes.postgres.url)
    await check_listed(working.client, told)
    print(summary(list(told.values()), processes), file=sys.stderr, flush=True)


def summary(told: Sequence[Story], processes: Cluster) -> str:
    """Say what the run went through, for a run without trouble shows nothing."""
    topics = Counter(row.topic.split(".")[1] for story in told for row in story.rows)
    left = Counter(
        f"{'keyed' if is_keyed(story) else 'keyless'} {each.status}" for story in told for each in letters(story)
    )
    lines = [f"{len(told)} sessions", str(dict(topics)), f"dead letters: {dict(left)}"]
    return "\n".join([*lines, *ended_by_themselves(processes)])


def ended_by_themselves(processes: Cluster) -> list[str]:
    """List the processes that ended without being killed."""
    return [said for process in processes.processes for said in process.ended_by_itself]
