"""People decide over GraphQL what becomes of calls that were given up."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, Serve, problem
from tests.api.graphql.conftest import ask, raw, record, refused

LETTERS = "query ($status: String!) { deadLetters(status: $status) { nodes { id status attempts sessionId } } }"
DECIDE = """
mutation ($id: ID!, $reason: String!, $key: String) {{
  {name}(id: $id, reason: $reason, idempotencyKey: $key) {{ letterId sessionId version position }}
}}
"""
REPLAY, DISCARD = DECIDE.format(name="replayDeadLetter"), DECIDE.format(name="discardDeadLetter")
DECISIONS = ("session.dead-letter-replayed.v1", "session.dead-letter-discarded.v1")


@pytest.fixture
async def letter(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Let the first call of a session fail for good; give its dead letter."""
    parts.shop.faults("GET /products", "error", times=1)
    async with parts.worker(), asyncio.timeout(60):
        body = {"goal": GOAL, "constraints": {"limits": {"callAttempts": 1}}}
        await client.post("/orchestrate", json=body, headers={"Prefer": "wait=60"})
        return await appeared(client, "open")


async def appeared(client: httpx.AsyncClient, status: str, *, attempts: int = 1) -> dict[str, Any]:
    """Wait for a dead letter of a status that was sent so many times, or more often."""
    while True:
        letter: dict[str, Any]
        for letter in (await ask(client, LETTERS, status=status))["deadLetters"]["nodes"]:
            if letter["attempts"] >= attempts:
                return letter
        await asyncio.sleep(0.05)


async def test_a_call_that_was_given_up_is_sent_again(
    client: httpx.AsyncClient, letter: dict[str, Any], parts: Parts
) -> None:
    async with parts.worker(), asyncio.timeout(60):
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


async def test_what_was_written_is_read_where_its_position_is_named(
    serve: Serve, letter: dict[str, Any], parts: Parts
) -> None:
    asked = {"query": f'{{ deadLetter(id: "{letter["id"]}") {{ status decisionReason }} }}'}
    async with serve(read_patience=0.1) as client:
        decided = (await ask(client, DISCARD, id=letter["id"], reason="by hand"))["discardDeadLetter"]
        after = {"after": decided["position"]}
        async with asyncio.timeout(60):
            while (response := await client.post("/graphql", params=after, json=asked)).status_code == 503:
                problem(response, 503, "unavailable")
        assert response.json()["data"]["deadLetter"] == {"status": "discarded", "decisionReason": "by hand"}
        async with parts.without_projector():
            _, after["after"] = await record(parts)
            problem(await client.post("/graphql", params=after, json=asked), 503, "unavailable")


async def test_who_decides_says_under_which_span(
    client: httpx.AsyncClient, letter: dict[str, Any], parts: Parts
) -> None:
    asked = {"id": letter["id"], "reason": "again"}
    over_http, over_websocket = (f"00-{number:032x}-{number:016x}-01" for number in (1, 2))
    parts.shop.faults("GET /products", "error", times=1)
    async with parts.worker(), asyncio.timeout(60):
        body = {"query": REPLAY, "variables": asked}
        await client.post("/graphql", json=body, headers={"traceparent": over_http})
        await appeared(client, "open", attempts=2)
        async with raw(client, additional_headers={"traceparent": over_websocket}) as mine:
            await mine.begin()
            await mine.subscribe("1", DISCARD, **asked)
            assert (await mine.hear())["payload"]["data"]
    rows = await parts.store.read_stream(UUID(letter["sessionId"]))
    facts = [json.loads(row.state) for row in rows if row.topic in DECISIONS]
    assert [fact["traceparent"] for fact in facts] == [over_http, over_websocket]


async def test_bad_decisions_are_refused(client: httpx.AsyncClient, letter: dict[str, Any]) -> None:
    link = f'mutation {{ discardDeadLetter(id: "{letter["id"]}", reason: "x") {{ version }} }}'
    followed = await client.get("/graphql", params={"query": link})
    assert "by POST" in followed.json()["errors"][0]["message"], "nobody decides by following a link"
    asked = {"id": letter["id"], "reason": "why not"}
    assert (await refused(client, DISCARD, **{**asked, "reason": " "}))[0] == "INVALID"
    assert (await refused(client, DISCARD, **asked, key="é"))[0] == "INVALID"
    for unknown in ("x", f"{letter['sessionId']}-call-9-9"):
        assert (await refused(client, REPLAY, **{**asked, "id": unknown}))[0] == "NOT_FOUND"
    assert len((await ask(client, LETTERS, status="open"))["deadLetters"]["nodes"]) == 1
