"""A session is watched over server-sent events, from where a client left off."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.api.conftest import Parts, Serve, problem
from tests.api.live.clients import SSE, streaming


async def take(events: AsyncIterator[dict[str, str]], number: int) -> list[dict[str, str]]:
    """Take so many events, within a bounded time."""
    async with asyncio.timeout(60):
        return [await anext(events) for _ in range(number)]


async def test_a_stream_begins_with_what_is_recorded_and_goes_on_live(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    session = started["sessionId"]
    path = f"/sessions/{session}"
    async with streaming(client, session) as events:
        recorded = await take(events, 2)
        await client.post(f"{path}/pause")
        (live,) = await take(events, 1)
    assert [each["event"] for each in recorded] == ["session.goal-submitted.v1", "session.model-call-requested.v1"]
    assert recorded[-1]["id"] == started["position"]
    assert live["event"] == "session.paused.v1"
    stored = (await parts.store.read_log(0, 100))[-1]
    assert live["data"].encode() == stored.state


async def test_a_stream_is_resumed_without_a_gap(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    session = started["sessionId"]
    path = f"/sessions/{session}"
    async with streaming(client, session) as events:
        (first,) = await take(events, 1)
    for verb in ("pause", "resume", "pause", "resume"):
        await client.post(f"{path}/{verb}")
    async with streaming(client, session, **{"Last-Event-ID": first["id"]}) as events:
        rest = await take(events, 5)
    page = (await client.get(f"{path}/events")).json()["events"]
    assert [each["id"] for each in (first, *rest)] == [each["position"] for each in page]


async def test_a_silent_stream_shows_that_it_lives(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    async with client.stream("GET", f"/sessions/{started['sessionId']}/events", headers=SSE) as response:
        async with asyncio.timeout(60):
            async for line in response.aiter_lines():
                if line == ": heartbeat":
                    break


async def test_a_client_that_is_gone_frees_its_place(serve: Serve, parts: Parts, started: dict[str, Any]) -> None:
    one_place = asyncio.Semaphore(1)
    async with serve(live_streams=one_place) as client:
        async with streaming(client, started["sessionId"]) as events:
            await take(events, 1)
            full = await client.get(f"/sessions/{started['sessionId']}/events", headers=SSE)
            assert "Expected room" in problem(full, 503, "unavailable")
        async with asyncio.timeout(60):
            await one_place.acquire()


async def test_a_stream_begins_behind_a_position_that_is_named_in_the_query(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    session = started["sessionId"]
    async with streaming(client, session) as events:
        first, second = await take(events, 2)
    async with streaming(client, session, after=first["id"]) as events:
        assert await take(events, 1) == [second]
    problem(await client.get(f"/sessions/{session}/events", params={"after": ""}, headers=SSE), 400, "invalid")


async def test_what_is_wrong_with_a_position_is_answered_before_a_stream_begins(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    log, head = await parts.store.log_id(), await parts.store.head()
    path = f"/sessions/{started['sessionId']}/events"
    beyond = await client.get(path, headers={**SSE, "Last-Event-ID": f"{log}:{head + 1}"})
    assert f"up to {head}, where the log is now" in problem(beyond, 400, "invalid")
    problem(await client.get(path, headers={**SSE, "Last-Event-ID": "7"}), 400, "invalid")
    problem(await client.get(path, headers={**SSE, "Last-Event-ID": f"another:{head}"}), 410, "wrong-log")
