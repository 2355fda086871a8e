"""A worker that dies or is stopped while its call is at the shop does no harm, whatever the shop makes of keys."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from adapters.postgres.store import PostgresEventStore
from domain.session.events import CallAttempted, LeaseLapsed
from tests.chaos.checks import check_attempts, check_calls, check_replay, is_keyed, stories, until_ended, whole_log
from tests.chaos.cluster import Process, cluster
from tests.chaos.load import Client, Load, running
from tests.chaos.shops import APIS, document, shops

WRITE = "POST /orders"
SLOW_MS = 1_200
"""Less than an attempt may take: without a fault every call would succeed."""
STOP_SECONDS = 10.0
ROLES = ("api", "worker", "worker", "worker", "relay", "projector")
"""Both calls may be with workers of their own; a third one must be there to see the leases lapse."""


async def kill(worker: Process) -> None:
    """Kill the worker."""
    await worker.kill()


async def stop(worker: Process) -> None:
    """Stop the worker until its lease has lapsed; there is another one that sees this."""
    await worker.stop(STOP_SECONDS)


@pytest.mark.parametrize("break_it", [kill, stop])
async def test_a_call_whose_worker_is_gone_is_written_once_at_most(
    servers_folder: Path, break_it: Callable[[Process], Awaitable[None]]
) -> None:
    async with (
        cluster(servers_folder / f"in-flight-{break_it.__name__}", ROLES) as processes,
        shops() as selling,
        httpx.AsyncClient(timeout=8) as http,
    ):
        load = Load(Client(processes, http, random.Random(1)), random.Random(1), selling)
        await load.register(document)
        for shop in selling.values():
            shop.faults(WRITE, "slow", ms=SLOW_MS)
        async with running(load.answer_questions()), processes.log() as store:
            await asyncio.gather(*(load.start("ship", api) for api in APIS))
            pids = await claimants(store)
            await asyncio.gather(*(break_it(process) for process in processes.processes if process.pid in pids))
            await until_ended(store, lambda: set(load.acknowledged.sessions.values()), 60.0)
            told = list(stories(await whole_log(store)).values())
    for story in told:
        lapsed = [event for event in story.events() if isinstance(event, LeaseLapsed)]
        assert lapsed, f"no worker was gone while its call was at the shop\n{story.timeline()}"
        check_calls(story, load.writes, keyed=is_keyed(story))
        check_attempts(story)
        check_replay(story)


async def claimants(store: PostgresEventStore) -> set[int]:
    """Wait until both shops are asked to write, and return the processes that asked."""
    async with asyncio.timeout(20):
        while True:
            claims = [
                event.worker
                for story in stories(await whole_log(store)).values()
                for event in story.events()
                if isinstance(event, CallAttempted) and event.call.startswith("call-2-")
            ]
            if len(claims) == len(APIS):
                return {int(worker.rpartition("-")[2]) for worker in claims}
            await asyncio.sleep(0.01)
