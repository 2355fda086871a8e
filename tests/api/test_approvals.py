"""A human sees exactly the request that waits, and decides on that and nothing else."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, problem


@pytest.fixture
async def waiting(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Drive a session until a human is asked; give the approval."""
    async with parts.worker(), asyncio.timeout(60):
        await client.post("/orchestrate", json={"goal": GOAL})
        while True:
            listed = (await client.get("/approvals")).json()["approvals"]
            if listed:
                shown: dict[str, Any] = listed[0]
                return shown
            await asyncio.sleep(0.05)


async def test_an_approval_shows_the_request_that_waits(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    shown = await client.get(f"/approvals/{waiting['id']}")
    sends = shown.json().pop("sends")
    assert {**shown.json(), "sends": sends} == {**waiting, "sends": sends}
    assert (sends["method"], sends["requestDigest"]) == ("POST", waiting["requestDigest"])
    assert json.loads(sends["bodyPreview"]) == waiting["requestJson"]["body"]
    assert (waiting["requester"], waiting["rules"], len(waiting["proof"])) == ("local", ["writes-ask"], 64)
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
    async with parts.worker(), asyncio.timeout(60):
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


async def test_a_decision_about_other_terms_is_refused(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    response = await client.post(f"/approvals/{waiting['id']}", json={"decision": "approve", "proof": "0" * 64})
    assert waiting["proof"] in problem(response, 412, "stale")


async def test_changed_arguments_that_make_no_request_leave_the_question_open(
    client: httpx.AsyncClient, waiting: dict[str, Any]
) -> None:
    body = {"decision": "approve", "arguments": {"body": {"customerId": "seven"}}}
    response = await client.post(f"/approvals/{waiting['id']}", json=body)
    assert "still open" in problem(response, 400, "invalid")
    assert (await client.get(f"/approvals/{waiting['id']}")).json()["status"] == "open"


async def test_arguments_belong_to_an_approval(client: httpx.AsyncClient, waiting: dict[str, Any]) -> None:
    body = {"decision": "deny", "arguments": waiting["requestJson"]}
    response = await client.post(f"/approvals/{waiting['id']}", json=body)
    assert "only to approve" in problem(response, 400, "invalid")


async def test_what_a_human_made_of_the_arguments_is_what_is_sent(
    client: httpx.AsyncClient, waiting: dict[str, Any], parts: Parts
) -> None:
    changed = json.loads(json.dumps(waiting["requestJson"]))
    changed["body"]["items"][0]["quantity"] = 1
    path = f"/approvals/{waiting['id']}"
    decided = await client.post(path, json={"decision": "approve", "reason": "one will do", "arguments": changed})
    assert decided.status_code == 200, decided.text
    session = decided.json()["sessionId"]
    shown = (await client.get(path, params={"after": decided.json()["position"]})).json()
    assert (shown["status"], shown["editedJson"], shown["sends"]) == ("granted", changed, None)
    async with parts.worker(), asyncio.timeout(60):
        ordered = None
        while ordered is None:
            await asyncio.sleep(0.05)
            ordered = parts.shop.counts().operations.get("POST /orders")
    assert ordered.writes == 1
    rows = await parts.store.read_stream(UUID(session))
    data = [json.loads(row.state)["data"] for row in rows]
    (chosen,) = [each for each in data if each.get("consent")]
    assert chosen["arguments"]["source"] == "human:local"
    assert chosen["consent"]["changed"] == [{"field": "/body/items/0/quantity", "before": "2", "now": "1"}]


async def test_what_is_allowed_beforehand_is_listed_used_and_revoked(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    body = {
        "tool": "create_order",
        "uses": 1,
        "until": "2099-01-01T00:00:00Z",
        "reason": "mugs run low all the time",
        "bounds": [{"at": "/body/customerId", "values": [7]}, {"at": "/body/items", "anything": True}],
    }
    given = await client.post("/standing-approvals", json=body)
    assert given.status_code == 201, given.text
    standing = given.json()["id"]
    async with parts.worker(), asyncio.timeout(60):
        await client.post("/orchestrate", json={"goal": GOAL})
        ordered = None
        while ordered is None:
            await asyncio.sleep(0.05)
            ordered = parts.shop.counts().operations.get("POST /orders")
    (shown,) = (await client.get("/standing-approvals")).json()["standingApprovals"]
    assert (shown["id"], shown["used"], shown["over"], shown["operation"]) == (standing, 1, "", "POST /orders")
    revoked = await client.post(f"/standing-approvals/{standing}/revoke", json={"reason": "enough mugs"})
    assert revoked.json()["version"] == 3
    again = await client.post(f"/standing-approvals/{standing}/revoke", json={"reason": "enough mugs"})
    assert "withdrew it" in problem(again, 409, "not-possible")
    asked = await client.post("/graphql", json={"query": "{ standingApprovals { id used over } }"})
    (found,) = asked.json()["data"]["standingApprovals"]
    assert (found["id"], found["used"]) == (standing, 1) and "enough mugs" in found["over"]


async def test_a_standing_approval_needs_bounds_a_tool_and_an_end(
    client: httpx.AsyncClient, tools: dict[str, Any]
) -> None:
    body = {"tool": "create_order", "uses": 1, "until": "2099-01-01T00:00:00Z", "reason": "why"}
    unbound = await client.post("/standing-approvals", json={**body, "bounds": [{"at": "/body"}]})
    assert "none of them" in problem(unbound, 400, "invalid")
    unknown = await client.post("/standing-approvals", json={**body, "tool": "nothing"})
    problem(unknown, 404, "not-found")
    missing = await client.post("/standing-approvals/nothing/revoke", json={"reason": "why"})
    problem(missing, 404, "not-found")
