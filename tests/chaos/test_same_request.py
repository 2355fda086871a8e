"""A request that is sent again starts nothing twice, whoever was killed in between and however many serve it."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import httpx

from tests.chaos.checks import stories, whole_log
from tests.chaos.cluster import cluster
from tests.chaos.load import Client, Load
from tests.chaos.shops import document, goal, shops

REQUESTS = 12


async def test_one_key_starts_one_session_at_two_apis_while_both_are_killed(servers_folder: Path) -> None:
    async with (
        cluster(servers_folder / "twins", ("api", "api")) as twins,
        shops() as selling,
        httpx.AsyncClient(timeout=8) as http,
    ):
        client = Client(twins, http, random.Random(1))
        await Load(client, random.Random(1), selling).register(document)

        async def start(number: int) -> set[str]:
            body = {"goal": goal("ship", number), "model": client.models["keyed"]}
            answers = await asyncio.gather(*(client.write("/orchestrate", body, f"key-{number}") for _ in range(4)))
            assert [answer.status_code for answer in answers] == [201] * 4, answers[0].text
            return {answer.json()["sessionId"] for answer in answers}

        async def kill_in_turn() -> None:
            for process in [*twins.processes, *twins.processes]:
                await asyncio.sleep(0.3)
                await process.kill()

        killing = asyncio.create_task(kill_in_turn())
        started = [await start(number) for number in range(1, REQUESTS + 1)]
        await killing
        started += [await start(number) for number in range(1, REQUESTS + 1)]
        async with twins.log() as store:
            told = stories(await whole_log(store))
    assert all(len(sessions) == 1 for sessions in started)
    times = Counter(next(iter(sessions)) for sessions in started)
    assert set(times) == set(told) and set(times.values()) == {2}
    starts = [row.topic for story in told.values() for row in story.rows].count("session.goal-submitted.v1")
    assert starts == REQUESTS
