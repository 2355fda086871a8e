"""People see what was given up with its request, and have exactly that sent again, or close it."""

import asyncio
from typing import Any

import httpx
import pytest

from commands.authorize import Principal, Role
from tests.api.conftest import GOAL, Parts, Serve, problem

ONE_ATTEMPT = {"callAttempts": 1}


@pytest.fixture
async def letter(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Let the first call of a session fail for good; give its dead letter."""
    parts.shop.faults("GET /products", "error", times=1)
    async with parts.worker(), asyncio.timeout(60):
        await client.post("/orchestrate", json={"goal": GOAL, "constraints": {"limits": ONE_ATTEMPT}})
        while True:
            listed = (await client.get("/dead-letters")).json()["deadLetters"]
            if listed:
                shown: dict[str, Any] = listed[0]
                return shown
            await asyncio.sleep(0.05)


async def settled(client: httpx.AsyncClient, letter: dict[str, Any]) -> dict[str, Any]:
    """Wait until a dead letter is no longer being sent again."""
    while True:
        shown: dict[str, Any] = (await client.get(f"/dead-letters/{letter['id']}")).json()
        if shown["status"] != "replaying":
            return shown
        await asyncio.sleep(0.05)


async def test_a_dead_letter_shows_the_request_that_a_replay_sends(
    client: httpx.AsyncClient, letter: dict[str, Any]
) -> None:
    shown = await client.get(f"/dead-letters/{letter['id']}")
    assert shown.json() == letter
    assert shown.headers["etag"] == f'"{letter["version"]}"'
    assert (letter["status"], letter["operation"], letter["attempts"]) == ("open", "GET /products", 1)
    assert letter["sessionStatus"] == "failed" and "500" in letter["reason"]
    assert len(letter["requestDigest"]) == 64 and letter["idempotencyKey"]


async def test_what_is_replayed_is_resolved_and_its_session_stays_failed(
    client: httpx.AsyncClient, letter: dict[str, Any], parts: Parts
) -> None:
    path, seen = f"/dead-letters/{letter['id']}/replay", {"If-Match": f'"{letter["version"]}"'}
    async with parts.worker(), asyncio.timeout(60):
        ordered = await client.post(path, json={"reason": "the shop is back"}, headers=seen)
        assert ordered.status_code == 200, ordered.text
        await client.get("/dead-letters", params={"after": ordered.json()["position"]})
        found = await settled(client, letter)
    assert (found["status"], found["attempts"], found["replays"]) == ("resolved", 2, 1)
    assert (found["decidedBy"], found["decisionReason"]) == ("local", "the shop is back")
    assert found["httpStatus"] == 200 and found["sessionStatus"] == "failed"
    assert parts.shop.counts().operations["GET /products"].requests == 2
    assert (await client.get("/dead-letters")).json()["deadLetters"] == []
    listed = (await client.get("/dead-letters", params={"status": "resolved"})).json()["deadLetters"]
    assert [each["id"] for each in listed] == [letter["id"]]
    again = await client.post(path, json={"reason": "once more"})
    assert "was closed" in problem(again, 409, "not-possible")


async def test_what_is_discarded_is_closed(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    path, key = f"/dead-letters/{letter['id']}/discard", {"Idempotency-Key": "away"}
    first = await client.post(path, json={"reason": "ordered by hand"}, headers=key)
    again = await client.post(path, json={"reason": "ordered by hand"}, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    shown = await client.get(f"/dead-letters/{letter['id']}", params={"after": first.json()["position"]})
    assert (shown.json()["status"], shown.json()["decisionReason"]) == ("discarded", "ordered by hand")


async def test_decisions_that_cannot_be_are_refused(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    body = {"reason": "why not"}
    for decision in ("replay", "discard"):
        path = f"/dead-letters/{letter['id']}/{decision}"
        problem(await client.post(path), 400, "invalid")
        assert "reason" in problem(await client.post(path, json={"reason": " "}), 400, "invalid")
        problem(await client.post(path, json=body, headers={"If-Match": '"1"'}), 412, "stale")
        problem(await client.post(path, json={"reason": "x" * 600_000}), 413, "too-large")
        for unknown in ("x", f"{letter['sessionId']}-call-9-9", f"{letter['sessionId']}", "%00"):
            problem(await client.post(f"/dead-letters/{unknown}/{decision}", json=body), 404, "not-found")
    assert (await client.get(f"/dead-letters/{letter['id']}")).json() == letter


async def test_an_unknown_dead_letter_or_status_is_refused(client: httpx.AsyncClient) -> None:
    assert "dead letter" in problem(await client.get("/dead-letters/nobody"), 404, "not-found")
    problem(await client.get("/dead-letters", params={"status": "lost"}), 400, "invalid")


class Anybody:
    """Take a token for its bearer: a tenant and a role."""

    def verify(self, token: str) -> Principal:
        """Return whom a token names."""
        tenant, role = token.split("/")
        roles: dict[str, Role] = {"viewer": "viewer", "operator": "operator"}
        return Principal(tenant=tenant, actor="eve", roles=(roles[role],))


async def test_a_dead_letter_is_decided_by_those_who_may_and_seen_by_its_tenant_alone(
    serve: Serve, letter: dict[str, Any]
) -> None:
    path, body = f"/dead-letters/{letter['id']}", {"reason": "mine now"}
    async with serve(verifier=Anybody(), loopback_without_token=False) as client:
        for token, status, name in (("local/viewer", 403, "forbidden"), ("other/operator", 404, "not-found")):
            headers = {"Authorization": f"Bearer {token}"}
            for decision in ("replay", "discard"):
                problem(await client.post(f"{path}/{decision}", json=body, headers=headers), status, name)
        strangers = {"Authorization": "Bearer other/viewer"}
        problem(await client.get(path, headers=strangers), 404, "not-found")
        assert (await client.get("/dead-letters", headers=strangers)).json()["deadLetters"] == []
        ours = {"Authorization": "Bearer local/operator"}
        assert (await client.post(f"{path}/discard", json=body, headers=ours)).status_code == 200
