"""A goal goes in over HTTP, and its session can be started once, waited for and steered."""

import asyncio
import os
from typing import Any
from uuid import UUID

import httpx

from domain.ids import derive
from tests.api.conftest import GOAL, SCRIPT, Parts, Serve, finish, problem


async def test_a_goal_starts_a_session(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    response = await client.post("/orchestrate", json={"goal": GOAL, "context": {"price": 1.10}, "lane": "interactive"})
    body = response.json()
    assert (response.status_code, body["status"]) == (201, "started")
    assert response.headers["location"] == f"/sessions/{body['sessionId']}"
    assert response.headers["etag"] == '"2"'


async def test_a_dry_run_says_so_in_the_log(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> None:
    for asked, dry in (({"dryRun": True}, True), ({}, False)):
        response = await client.post("/orchestrate", json={"goal": GOAL, **asked})
        state = (await parts.services.shell.load(UUID(response.json()["sessionId"]))).state
        assert state is not None and state.dry_run is dry
    assert "dryRun" in problem(await client.post("/orchestrate", json={"goal": GOAL, "dryRun": "yes"}), 400, "invalid")


async def test_the_same_key_starts_one_session(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "monday"}
    first = await client.post("/orchestrate", json={"goal": GOAL}, headers=key)
    again = await client.post("/orchestrate", json={"goal": GOAL}, headers=key)
    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"]


async def test_the_same_key_under_load_starts_one_session(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    session = UUID(derive("local", derive("local", "idempotency", "race"), "session"))
    async with parts.services.shell.mailbox(session):  # both twins are let in before either may write
        twins = [
            asyncio.create_task(client.post("/orchestrate", json={"goal": GOAL}, headers={"Idempotency-Key": "race"}))
            for _ in range(2)
        ]
        await asyncio.sleep(0.5)
    responses = await asyncio.gather(*twins)
    assert [response.status_code for response in responses] == [201, 201]
    assert {response.json()["sessionId"] for response in responses} == {str(session)}


async def test_a_key_used_for_another_goal_is_refused(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "monday"}
    await client.post("/orchestrate", json={"goal": GOAL}, headers=key)
    other = await client.post("/orchestrate", json={"goal": "Something else"}, headers=key)
    assert "new key" in problem(other, 422, "command-reused")


async def test_a_body_that_is_only_written_differently_is_the_same_request(
    client: httpx.AsyncClient, tools: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    first = await client.post("/orchestrate", content=b'{"goal":"a goal","lane":"batch"}', headers=headers)
    again = await client.post("/orchestrate", content=b'{ "lane": "batch", "goal": "a goal" }', headers=headers)
    assert again.json() == first.json()


async def test_without_tools_there_is_nothing_to_start(client: httpx.AsyncClient) -> None:
    response = await client.post("/orchestrate", json={"goal": GOAL})
    assert "register an API first" in problem(response, 409, "not-possible")


async def test_without_a_model_the_refusal_says_how_to_name_one(serve: Serve) -> None:
    async with serve(model="") as client:
        assert "REPRISE_MODEL" in problem(await client.post("/orchestrate", json={"goal": GOAL}), 400, "invalid")


async def test_a_configured_script_may_be_named_by_its_relative_path(
    client: httpx.AsyncClient, tools: dict[str, Any]
) -> None:
    for name, status in ((os.path.relpath(SCRIPT), 201), ("other.json", 400)):
        body = {"goal": GOAL, "model": f"scripted:{name}"}
        assert (await client.post("/orchestrate", json=body)).status_code == status


async def test_a_goal_is_waited_for_to_its_end(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> None:
    assert (await finish(client, parts))["status"] == "completed"


async def test_waiting_ends_in_time(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    response = await client.post("/orchestrate", json={"goal": GOAL}, headers={"Prefer": "respond-async, wait=1"})
    assert response.json()["status"] == "started"


async def test_a_session_is_paused_resumed_and_cancelled(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    path = f"/sessions/{started['sessionId']}"
    paused = await client.post(f"{path}/pause", json={"reason": "lunch"})
    assert (paused.status_code, paused.json()["version"]) == (200, 3)
    assert "paused already" in problem(await client.post(f"{path}/pause"), 409, "not-possible")
    resumed = await client.post(f"{path}/resume")
    cancelled = await client.post(f"{path}/cancel", headers={"If-Match": resumed.headers["etag"]})
    assert cancelled.status_code == 200
    assert "cancelled" in problem(await client.post(f"{path}/cancel"), 409, "not-possible")


async def test_a_cancellation_sent_twice_is_carried_out_once(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    path, key = f"/sessions/{started['sessionId']}/cancel", {"Idempotency-Key": "stop"}
    first = await client.post(path, headers=key)
    again = await client.post(path, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_stale_version_is_refused(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    path = f"/sessions/{started['sessionId']}"
    await client.post(f"{path}/pause")
    stale = await client.post(f"{path}/cancel", headers={"If-Match": '"2"'})
    assert "read it again" in problem(stale, 412, "stale")


async def test_an_etag_that_is_none_is_refused(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    for etag in ("2", 'W/"2"', '"2", "3"', '"two"'):
        response = await client.post(f"/sessions/{started['sessionId']}/cancel", headers={"If-Match": etag})
        assert "If-Match" in problem(response, 400, "invalid")


async def test_a_replay_finds_that_the_record_is_what_was_decided(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    path = f"/sessions/{started['sessionId']}/replay"
    replayed = (await client.post(path)).json()
    folded = (await client.post(path, json={"execute": False})).json()
    assert (replayed["facts"], replayed["decided"], replayed["divergences"]) == (1, 1, [])
    assert replayed["stateDigest"] == replayed["replayDigest"] == folded["stateDigest"]
    assert (folded["decided"], folded["replayDigest"]) == (0, "")
