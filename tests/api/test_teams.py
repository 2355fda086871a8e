"""A goal over two APIs is reached by two agents, each of which may use one of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from ops.sample.http_server import Request, Response, json_response, serving
from tests.api.conftest import Parts, Serve

Json = dict[str, Any]


def _document(url: str, title: str, **operations: tuple[str, str]) -> Json:
    """Describe an API by its operations, each a method and a path that takes an object with a text."""
    body = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    answer = {"200": {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}}}
    paths: Json = {}
    for name, (method, path) in operations.items():
        operation: Json = {"operationId": name, "summary": name.replace("_", " "), "responses": answer}
        if method == "post":
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        paths.setdefault(path, {})[method] = operation
    info = {"title": title, "version": "1"}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": url}], "paths": paths}


@asynccontextmanager
async def two_apis() -> AsyncIterator[tuple[Json, Json, list[str]]]:
    """Serve a library and a post office; give their documents and a list that grows with what they are asked."""
    asked: list[str] = []

    async def library(request: Request) -> Response:
        asked.append(f"library {request.method} {request.path}")
        return json_response(200, {"title": "Dune", "shelf": "F 12"})

    async def post_office(request: Request) -> Response:
        asked.append(f"post {request.method} {request.path} {json.loads(request.body)['text']}")
        return json_response(200, {"sent": True})

    async with serving(library) as books, serving(post_office) as post:
        yield (
            _document(books, "Library", find_book=("get", "/books"), burn_books=("post", "/fires")),
            _document(post, "Post", send_letter=("post", "/letters")),
            asked,
        )


LIBRARIAN = {
    "id": "librarian",
    "role": "librarian",
    "promptTemplate": "You know books.",
    "tools": ["find_book"],
    "limits": {"toolCalls": 3},
}
POSTMAN = {"id": "postman", "role": "postman", "promptTemplate": "You send letters for {user}.", "tools": ["post/*"]}


def plan(*steps: tuple[str, str]) -> Json:
    """Return a plan of steps one after another, each an agent and the tool that it is to call."""
    return {
        "steps": [
            {"goal": f"Use {tool}", "agent": agent, "tool": tool, "after": [number - 1] if number > 1 else []}
            for number, (agent, tool) in enumerate(steps, 1)
        ]
    }


REPLIES: list[Json] = [
    # First what nobody may do; then, told so, steps that are given to the wrong ones; the second goal is right at once.
    {"purpose": "plan", "attempt": 1, "goal": "Write", "reply": plan(("librarian", "burn_books"))},
    {"purpose": "plan", "goal": "Write", "reply": plan(("postman", "find_book"), ("librarian", "send_letter"))},
    {"purpose": "choose", "step": 1, "reply": {"tool": "find_book", "arguments": {}}},
    {"purpose": "choose", "step": 2, "reply": {"tool": "send_letter", "arguments": {"body": {"text": "Dune: F 12"}}}},
    {"purpose": "review", "reply": {"verdict": "accept", "reason": "fine"}},
    {"purpose": "answer", "reply": {"answer": "It is sent."}},
]
RULES = """
@id("team") permit(principal, action, resource) when { context.listed };
"""


async def test_each_step_goes_to_the_agent_that_may_use_its_tool_and_what_nobody_may_is_refused_in_the_plan(
    serve: Serve, parts: Parts, tmp_path: Path
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"replies": REPLIES}), "utf-8")
    async with serve(model=f"scripted:{script}") as client, two_apis() as (library, post, asked), parts.worker():
        await _team(client, library, post)
        first = await _started(client, hold=True)
        # Patched while the first session waits: only the second one knows.
        patch = {"promptTemplate": "You send nothing any more.", "tools": []}
        assert (await client.patch("/agents/postman", json=patch, headers={"If-Match": '"1"'})).status_code == 200
        await client.post(f"/sessions/{first}/resume", json={})
        ended = await _ended(client, first)
        assert (ended["status"], ended["summary"]["answer"]) == ("completed", "It is sent.")
        assert asked == ["library GET /books", "post POST /letters Dune: F 12"]
        assert [(task["agentId"], task["step"]) for task in ended["tasks"]] == [("librarian", 1), ("postman", 2)]
        timeline = await _timeline(client, first)
        assert "step 1: no agent may use burn_books" in timeline["A plan of 1 step cannot be begun"]
        assert timeline["A plan of 2 steps can be begun"] == (
            "step 1 goes to librarian, not to postman; step 2 goes to postman, not to librarian"
        )
        assert (timeline["Step 1 began"], timeline["Step 2 began"]) == ("librarian", "postman")

        used = {"kind": "tool_calls", "spent": 1, "reserved": 0, "limit": 3, "left": 2}
        budget = (await client.get(f"/sessions/{first}/budget")).json()
        assert budget["agents"] == [{"agent": "librarian", "lines": [{**used, "unit": "tool calls"}]}]
        asking = "query ($id: ID!) { session(id: $id) { budget { agents { agent lines { kind spent limit } } } } }"
        answered = (await client.post("/graphql", json={"query": asking, "variables": {"id": first}})).json()
        (librarian,) = answered["data"]["session"]["budget"]["agents"]
        assert librarian == {"agent": "librarian", "lines": [{"kind": "tool_calls", "spent": 1, "limit": 3}]}

        second = await _started(client)
        refused = await _ended(client, second)
        assert refused["status"] == "failed" and "no agent may use send_letter" in refused["reason"]
        assert len(asked) == 2, "nothing of the second session was sent"
        assert await _pinned(client, first, "postman") != await _pinned(client, second, "postman")
        assert await _pinned(client, first, "librarian") == await _pinned(client, second, "librarian")
        for session in (first, second):
            replayed = (await client.post(f"/sessions/{session}/replay", json={})).json()
            assert replayed["divergences"] == []


async def _team(client: httpx.AsyncClient, library: Json, post: Json) -> None:
    """Register both APIs and both agents; nobody else may use anything."""
    for name, document in (("library", library), ("post", post)):
        body = {"name": name, "document": document, "allowPrivate": True}
        assert (await client.post("/tools", json=body)).status_code == 201
    for agent in (LIBRARIAN, POSTMAN):
        added = await client.post("/agents", json=agent)
        assert added.status_code == 201, added.text
    for default in ("executor", "researcher"):
        assert (await client.patch(f"/agents/{default}", json={"tools": []})).status_code == 200
    added = await client.post("/policies", json={"name": "team", "text": RULES})
    assert added.status_code == 201, added.text
    assert (await client.post("/policies/team/activate", json={"reason": "for the team"})).status_code == 200


async def _started(client: httpx.AsyncClient, *, hold: bool = False) -> str:
    started = await client.post("/orchestrate", json={"goal": "Write to Ann where Dune stands"})
    session = str(started.json()["sessionId"])
    if hold:
        assert (await client.post(f"/sessions/{session}/pause", json={})).status_code == 200
    return session


async def _ended(client: httpx.AsyncClient, session: str) -> Json:
    """Return a session when it is over."""
    async with asyncio.timeout(60):
        while True:
            shown: Json = (await client.get(f"/sessions/{session}")).json()
            if shown["status"] in ("completed", "failed", "cancelled"):
                return shown
            await asyncio.sleep(0.02)


async def _timeline(client: httpx.AsyncClient, session: str) -> dict[str, str]:
    """Return what happened: titles with their details, the first of each."""
    query = "query ($id: ID!) { session(id: $id) { events(first: 200) { nodes { title detail } } } }"
    found = (await client.post("/graphql", json={"query": query, "variables": {"id": session}})).json()
    nodes = found["data"]["session"]["events"]["nodes"]
    return {node["title"]: node["detail"] for node in reversed(nodes)}


async def _pinned(client: httpx.AsyncClient, session: str, agent: str) -> str:
    """Return the revision of an agent that a session uses."""
    state = (await client.get(f"/sessions/{session}/state")).json()["state"]
    return next(str(each["revision"]) for each in state["agents"] if each["id"] == agent)
