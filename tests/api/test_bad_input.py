"""Bad input is answered by a problem that says what was expected and what to do, and writes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, Serve, problem

JSON = {"Content-Type": "application/json"}
UNKNOWN = str(uuid4())


@pytest.fixture(autouse=True)
async def _nothing_is_written(parts: Parts, tools: dict[str, Any]) -> AsyncIterator[None]:
    head = await parts.store.head()
    yield
    assert await parts.store.head() == head


GOALS = [
    (b'{"goal": ', "JSON"),
    (b"[]", "object"),
    (b"null", "object"),
    (b'"goal"', "object"),
    (b"{}", "goal"),
    (b'{"goal": 7}', "goal"),
    (b'{"goal": "  "}', "blank"),
    (b'{"goal": null}', "goal"),
    (b'{"goal": "g", "goall": 1}', "goall"),
    (b'{"goal": "g", "goal": "h"}', "twice"),
    (b'{"goal": "g", "lane": "express"}', "express"),
    (b'{"goal": "g", "constraints": {"limits": {"steps": "5"}}}', "steps"),
    (b'{"goal": "g", "constraints": {"limits": {"steps": 0}}}', "steps"),
    (b'{"goal": "g", "constraints": {"limits": {"stepz": 5}}}', "stepz"),
    (b'{"goal": "g", "model": "openai:thief@http://127.0.0.1:9/v1"}', "the operator adds others by REPRISE_MODELS"),
    (b'{"goal": "g", "context": NaN}', "JSON"),
    (b'{"goal": "\xff"}', "JSON"),
    (b"[" * 100_000, "JSON"),
    (b'{"goal": "%b"}' % (b"g" * 40_000), "32768"),
]


async def test_a_goal_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    for body, said in GOALS:
        response = await client.post("/orchestrate", content=body, headers=JSON)
        assert said.lower() in problem(response, 400, "invalid").lower(), body[:100]


async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/xml"):
        response = await client.post("/orchestrate", content=b'{"goal": "g"}', headers={"Content-Type": media_type})
        assert "application/json" in problem(response, 415, "unsupported-media-type")
        # A page elsewhere may send this without asking, and it stands for no fields.
        empty = await client.post(f"/sessions/{UNKNOWN}/cancel", content=b"{}", headers={"Content-Type": media_type})
        problem(empty, 415, "unsupported-media-type")


async def test_an_oversized_body_is_refused_by_its_limit(serve: Serve) -> None:
    async with serve(max_body=1_000) as client:
        announced = await client.post("/orchestrate", json={"goal": "g" * 1_000})
        assert "1000 bytes" in problem(announced, 413, "too-large")


async def test_an_oversized_body_that_was_not_announced_is_refused(serve: Serve) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    async with serve(max_body=1_000, checked=False) as client:
        problem(await client.post("/orchestrate", content=pieces(), headers=JSON), 413, "too-large")


async def test_a_body_that_does_not_come_in_time_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bodies.BODY_SECONDS", 0.1)
    waited = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        with suppress(TimeoutError):
            await asyncio.wait_for(waited.wait(), 0.7)

    async with serve(checked=False) as client:
        for path in ("/orchestrate", "/documents/check", "/graphql"):
            refused = await client.post(path, content=pieces(), headers=JSON)
            assert "within 0.1 seconds" in problem(refused, 408, "too-slow")


async def test_a_document_may_be_larger_than_other_bodies(serve: Serve) -> None:
    async with serve(max_body=1_000, max_document=5_000) as client:
        larger = await client.post("/tools", json={"name": "a", "document": "x" * 2_000})
        problem(larger, 400, "invalid")
        too_large = await client.post("/tools", json={"name": "a", "document": "x" * 6_000})
        assert "5000 bytes" in problem(too_large, 413, "too-large")


PATHS = [
    ("GET", f"/sessions/{UNKNOWN}/events"),
    ("GET", f"/sessions/{UNKNOWN}/state"),
    ("POST", f"/sessions/{UNKNOWN}/cancel"),
    ("POST", f"/sessions/{UNKNOWN}/pause"),
    ("POST", f"/sessions/{UNKNOWN}/resume"),
    ("POST", f"/sessions/{UNKNOWN}/replay"),
    ("POST", "/sessions/yesterday/cancel"),
    ("GET", "/agents/nobody"),
    ("GET", "/tools/nothing"),
    ("GET", "/docs/problems/none"),
]


async def test_an_unknown_id_is_not_found(client: httpx.AsyncClient) -> None:
    for method, path in PATHS:
        assert "Expected a" in problem(await client.request(method, path), 404, "not-found"), path


async def test_an_unknown_approval_is_not_found(client: httpx.AsyncClient) -> None:
    for approval in (f"{UNKNOWN}-call-1-1", "nonsense"):
        response = await client.post(f"/approvals/{approval}", json={"decision": "approve"})
        assert "approval" in problem(response, 404, "not-found")


async def test_an_unknown_agent_is_not_patched(client: httpx.AsyncClient) -> None:
    assert "agent" in problem(await client.patch("/agents/nobody", json={"role": "executor"}), 404, "not-found")


async def test_an_unknown_path_and_a_wrong_method_are_named(client: httpx.AsyncClient) -> None:
    assert "/nowhere" in problem(await client.get("/nowhere"), 404, "not-found")
    wrong = await client.put("/orchestrate", json={})
    assert "PUT" in problem(wrong, 405, "method-not-allowed")
    assert "POST" in wrong.headers["allow"]


async def test_an_idempotency_key_of_the_wrong_form_is_refused(serve: Serve) -> None:
    async with serve(checked=False) as client:
        for key in ("", "k" * 256, "é", "a\tb"):
            headers = {b"Idempotency-Key": key.encode()}
            response = await client.post("/orchestrate", json={"goal": GOAL}, headers=headers)
            assert "Idempotency-Key" in problem(response, 400, "invalid")


async def test_a_decision_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    for body in ({"decision": "perhaps"}, {}, {"decision": "approve", "because": "x"}):
        problem(await client.post(f"/approvals/{UNKNOWN}-call-1-1", json=body), 400, "invalid")


async def test_a_page_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    for params in ({"limit": "0"}, {"limit": "501"}, {"limit": "many"}, {"cursor": "?"}):
        problem(await client.get("/tools", params=params), 400, "invalid")


async def test_every_problem_has_a_page_of_its_own(client: httpx.AsyncClient) -> None:
    told = (await client.get("/nowhere")).json()
    page = await client.get(told["type"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert told["title"] in page.text


async def test_a_query_parameter_that_nobody_reads_is_refused_with_those_that_are_read(
    client: httpx.AsyncClient,
) -> None:
    for path, name, known in (
        ("/sessions", "statsu", "after, cursor, limit, q, status, userId"),
        ("/approvals", "userId", "after, cursor, limit, status"),
        (f"/sessions/{UNKNOWN}", "at", "after"),
        ("/healthz", "verbose", "no query parameters"),
    ):
        said = problem(await client.get(path, params={name: "1"}), 400, "invalid")
        assert name in said and known in said
    assert "no query" in problem(await client.post("/orchestrate?wait=5", json={"goal": GOAL}), 400, "invalid")
    assert (await client.get("/openapi.json", params={"x": "1"})).status_code == 200


async def test_what_is_stored_of_something_else_is_no_session(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    (stream, *_) = [row.originator_id for row in await parts.store.read_log(0, 10) if row.topic[:9] == "document."]
    for part in ("", "/events", "/state"):
        problem(await client.get(f"/sessions/{stream}{part}"), 404, "not-found")
    for verb in ("cancel", "pause", "resume", "replay"):
        problem(await client.post(f"/sessions/{stream}/{verb}"), 404, "not-found")
    told = (await client.post("/graphql", json={"query": f'{{ session(id: "{stream}") {{ id }} }}'})).json()
    assert told["errors"][0]["extensions"]["code"] == "NOT_FOUND"
