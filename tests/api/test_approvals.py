"""A human sees exactly the request that waits, and decides on that and nothing else."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, problem


@pytest.fixture
async def waiting(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Drive a session until a human is asked; give the approval."""
    async with parts.worker(), asyncio.timeout(15):
        await client.post("/orchestrate", json={"goal": GOAL})
        while True:
            listed = (await client.get("/approvals")).json()["approvals"]
            if listed:
                shown: dict[str, Any] = listed[0]
                return shown
            await asyncio.sleep(0.05)


async def test_an_approval_shows_the_request_that_waits(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    shown = await client.get(f"/approvals/{waiting['id']}")
    assert shown.json() == waiting
    assert shown.headers["etag"] == f'"{waiting["requestDigest"]}"'
    assert (waiting["question"], waiting["operation"]) == ("call", "POST /orders")
    assert waiting["requestJson"]["body"]["items"][0]["quantity"] == 2


async def test_an_approval_is_granted_with_what_was_seen(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    path, seen = f"/approvals/{waiting['id']}", {"If-Match": f'"{waiting["requestDigest"]}"'}
    granted = await client.post(path, json={"decision": "approve", "reason": "fine"}, headers=seen)
    assert granted.status_code == 200
    shown = (await client.get(path, params={"after": granted.json()["position"]})).json()
    assert (shown["status"], shown["decidedBy"], shown["decisionReason"]) == ("granted", "local", "fine")
    again = await client.post(path, json={"decision": "approve"})
    assert "answered" in problem(again, 404, "not-found")


@pytest.mark.parametrize("decision", ["approve", "deny"])
async def test_a_decision_about_another_request_is_refused(
    client: httpx.AsyncClient, waiting: dict[str, Any], decision: str
) -> None:
    response = await client.post(
        f"/approvals/{waiting['id']}", json={"decision": decision}, headers={"If-Match": f'"{"0" * 64}"'}
    )
    assert waiting["requestDigest"] in problem(response, 412, "stale")


async def test_a_denied_call_is_never_sent(client: httpx.AsyncClient, waiting: dict[str, Any], parts: Parts) -> None:
    denied = await client.post(f"/approvals/{waiting['id']}", json={"decision": "deny", "reason": "too dear"})
    session = denied.json()["sessionId"]
    async with parts.worker(), asyncio.timeout(15):
        status = "waiting"
        while status not in ("failed", "completed"):
            await asyncio.sleep(0.05)
            status = (await client.get(f"/sessions/{session}")).json()["status"]
    assert "POST /orders" not in parts.shop.counts().operations


async def test_a_question_is_answered_in_its_own_words(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    response = await client.post(f"/approvals/{waiting['id']}", json={"decision": "happened"})
    assert "approve or deny" in problem(response, 409, "not-possible")


async def test_a_decision_sent_twice_is_carried_out_once(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    path, key = f"/approvals/{waiting['id']}", {"Idempotency-Key": "yes"}
    first = await client.post(path, json={"decision": "approve"}, headers=key)
    again = await client.post(path, json={"decision": "approve"}, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
