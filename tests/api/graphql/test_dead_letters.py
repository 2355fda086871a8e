"""People decide over GraphQL what becomes of calls that were given up."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import GOAL, Parts
from tests.api.graphql.conftest import ask, refused

LETTERS = "query ($status: String!) { deadLetters(status: $status) { nodes { id status attempts sessionId } } }"
DECIDE = """
mutation ($id: ID!, $reason: String!, $key: String) {{
  {name}(id: $id, reason: $reason, idempotencyKey: $key) {{ letterId sessionId version position }}
}}
"""
REPLAY, DISCARD = DECIDE.format(name="replayDeadLetter"), DECIDE.format(name="discardDeadLetter")


@pytest.fixture
async def letter(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Let the first call of a session fail for good; give its dead letter."""
    parts.shop.faults("GET /products", "error", times=1)
    async with parts.worker(), asyncio.timeout(15):
        body = {"goal": GOAL, "constraints": {"limits": {"callAttempts": 1}}}
        await client.post("/orchestrate", json=body, headers={"Prefer": "wait=10"})
        return await appeared(client, "open")


async def appeared(client: httpx.AsyncClient, status: str) -> dict[str, Any]:
    """Wait for a dead letter of a status."""
    while True:
        found = (await ask(client, LETTERS, status=status))["deadLetters"]["nodes"]
        if found:
            letter: dict[str, Any] = found[0]
            return letter
        await asyncio.sleep(0.05)


async def test_a_call_that_was_given_up_is_sent_again(
    client: httpx.AsyncClient, letter: dict[str, Any], parts: Parts
) -> None:
    async with parts.worker(), asyncio.timeout(15):
        decided = (await ask(client, REPLAY, id=letter["id"], reason="it is back"))["replayDeadLetter"]
        assert (decided["letterId"], decided["sessionId"]) == (letter["id"], letter["sessionId"])
        assert await appeared(client, "resolved") == {**letter, "status": "resolved", "attempts": 2}
    code, message = await refused(client, REPLAY, id=letter["id"], reason="once more")
    assert code == "NOT_POSSIBLE" and "was closed" in message


async def test_the_same_key_decides_once(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    asked = {"id": letter["id"], "reason": "done by hand", "key": "away"}
    first, again = await ask(client, DISCARD, **asked), await ask(client, DISCARD, **asked)
    assert first == again
    code, _ = await refused(client, DISCARD, **{**asked, "reason": "another"})
    assert code == "COMMAND_REUSED"


async def test_what_was_decided_is_read_when_the_position_is_named(
    client: httpx.AsyncClient, letter: dict[str, Any]
) -> None:
    decided = (await ask(client, DISCARD, id=letter["id"], reason="done by hand"))["discardDeadLetter"]
    asked = {"query": f'{{ deadLetter(id: "{letter["id"]}") {{ status decisionReason }} }}'}
    response = await client.post("/graphql", params={"after": decided["position"]}, json=asked)
    assert response.json()["data"]["deadLetter"] == {"status": "discarded", "decisionReason": "done by hand"}


async def test_nobody_decides_by_following_a_link(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    link = f'mutation {{ discardDeadLetter(id: "{letter["id"]}", reason: "x") {{ version }} }}'
    response = await client.get("/graphql", params={"query": link})
    assert "by POST" in response.json()["errors"][0]["message"]
    assert len((await ask(client, LETTERS, status="open"))["deadLetters"]["nodes"]) == 1


async def test_bad_decisions_are_refused(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    asked = {"id": letter["id"], "reason": "why not"}
    assert (await refused(client, DISCARD, **{**asked, "reason": " "}))[0] == "INVALID"
    assert (await refused(client, DISCARD, **asked, key="é"))[0] == "INVALID"
    for unknown in ("x", f"{letter['sessionId']}-call-9-9"):
        assert (await refused(client, REPLAY, **{**asked, "id": unknown}))[0] == "NOT_FOUND"
