"""A worker that dies or is stopped while its call is at the shop does no harm, whatever the shop makes of keys."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.postgres.store import PostgresEventStore
from domain.session.events import CallAttempted, LeaseLapsed
from domain.session.state import InFlight, Replaying
from ops.sample.shop_control import Count
from tests.chaos.checks import (
    check_attempts,
    check_calls,
    check_keys,
    check_replays,
    is_keyed,
    stories,
    until_ended,
    whole_log,
)
from tests.chaos.cluster import Process, cluster
from tests.chaos.letters import check_letters, decide, letters, listed, owes_nothing, until_all
from tests.chaos.load import LIMITS, Client, Load, running
from tests.chaos.shops import APIS, api_of, document, shops

WRITE = "POST /orders"
SLOW_MS = 2_500
PATIENT = LIMITS | {"attemptTimeoutMs": 4_000}
"""Longer than a slow answer takes: without a fault every call would succeed."""
BOTH_ARE_SENT_MS = 6_000
FEW_ATTEMPTS = LIMITS | {"callAttempts": 2, "attemptTimeoutMs": 8_000}
STOP_SECONDS = 14.0
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
    servers_folder: Path, break_it: Callable[[Process], Coroutine[None, None, None]]
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
            await asyncio.gather(*(load.start("ship", api, PATIENT) for api in APIS))
            async with asyncio.TaskGroup() as breaking:
                async for pid in claimants(store):
                    for process in processes.processes:
                        if process.pid == pid:
                            breaking.create_task(break_it(process))
            await until_ended(store, lambda: set(load.acknowledged.sessions.values()), 300.0)
            told = list(stories(await whole_log(store)).values())
            await check_replays(store, told)
    for story in told:
        lapsed = [event for event in story.events() if isinstance(event, LeaseLapsed)]
        assert lapsed, f"no worker was gone while its call was at the shop\n{story.timeline()}"
        check_calls(story, load.count, keyed=is_keyed(story))
        check_attempts(story)


async def test_a_dead_letter_whose_worker_is_killed_while_it_is_sent_again_is_taken_over(servers_folder: Path) -> None:
    async with (
        cluster(servers_folder / "replayed", ROLES) as processes,
        shops() as selling,
        httpx.AsyncClient(timeout=8) as http,
    ):
        load = Load(Client(processes, http, random.Random(1)), random.Random(1), selling, look_after=0.0)
        await load.register(document)
        async with running(load.answer_questions()), processes.log() as store, asyncio.timeout(600):
            keyed, keyless = await given_up(load)
            for shop in selling.values():
                shop.faults(WRITE, "slow", ms=BOTH_ARE_SENT_MS)
            await asyncio.gather(*(decide(load, each["id"], each["id"], "replay") for each in (keyed, keyless)))
            await until_received(load, (keyed, keyless))
            pids = await senders(store)
            await asyncio.gather(*(process.kill() for process in processes.processes if process.pid in pids))
            told = await until_all(store, owes_nothing, 300.0)
            await check_replays(store, told)
        stages = {letter.id: letter for story in told for letter in letters(story)}
    assert stages[keyed["id"]].status == "resolved"
    assert load.count(keyed["idempotencyKey"]) == Count(requests=keyed["attempts"] + 2, writes=1)
    assert stages[keyless["id"]].status == "open" and "may have happened" in stages[keyless["id"]].reason
    assert load.count(keyless["idempotencyKey"]) == Count(requests=keyless["attempts"] + 1, writes=1)
    check_keys(told, selling.values())
    for story in told:
        check_calls(story, load.count, keyed=is_keyed(story))
        check_letters(story, load.acknowledged)
        check_attempts(story)


async def given_up(load: Load) -> list[dict[str, Any]]:
    """Have the first write at either shop given up, and return the dead letters, the keyed shop's first."""
    for shop in load.shops.values():
        shop.faults(WRITE, "error", times=2)
    await asyncio.gather(*(load.start("ship", api, FEW_ATTEMPTS) for api in APIS))
    while len(found := await listed(load.client, "open")) < len(APIS):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return sorted(found, key=lambda letter: APIS.index(api_of(letter["tool"])))


async def until_received(load: Load, found: Sequence[dict[str, Any]]) -> None:
    """Wait until the shops were asked once more."""
    while any(load.count(each["idempotencyKey"]).requests == each["attempts"] for each in found):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def senders(store: PostgresEventStore) -> set[int]:
    """Return the processes that send dead letters again."""
    told = stories(await whole_log(store)).values()
    phases = [each.stage.phase for story in told for each in letters(story) if isinstance(each.stage, Replaying)]
    return {int(phase.worker.rpartition("-")[2]) for phase in phases if isinstance(phase, InFlight)}


async def claimants(store: PostgresEventStore) -> AsyncIterator[int]:
    """Yield the process that asks a shop to write as soon as it does, once for each session."""
    seen = set[str]()
    until = asyncio.get_running_loop().time() + 120
    while len(seen) < len(APIS):
        assert asyncio.get_running_loop().time() < until, "nobody asks the shops to write"
        for story in stories(await whole_log(store)).values():
            claims = (event for event in story.events() if isinstance(event, CallAttempted))
            claim = next((each for each in claims if each.call.startswith("call-2-")), None)
            if claim and story.id not in seen:
                seen.add(story.id)
                yield int(claim.worker.rpartition("-")[2])
        await asyncio.sleep(0.01)
