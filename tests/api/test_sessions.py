"""Sessions are listed and shown, and a caller always sees what it wrote."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from api.rest.folding import fold
from domain.encoding import plain
from queries.sessions import show_session
from tests.api.conftest import GOAL, Parts, Serve, finish, problem


async def test_a_session_is_shown_at_once_where_no_projector_runs(serve: Serve, parts: Parts) -> None:
    async with parts.without_projector(), serve(read_patience=0.1) as client:
        await client.post("/tools", json={"name": "shop", "document": parts.shop.document()})
        started = (await client.post("/orchestrate", json={"goal": GOAL})).json()
        path = f"/sessions/{started['sessionId']}"
        shown = await client.get(path, params={"after": started["position"]})
        await client.post(f"{path}/pause")
        paused = await client.get(path)
        too_early = await client.get("/sessions", params={"after": started["position"]})
    assert (shown.json()["status"], shown.headers["etag"]) == ("queued", '"2"')
    assert shown.json()["position"] == started["position"]
    assert (paused.json()["status"], paused.headers["etag"]) == ("paused", '"3"')
    assert "read models" in problem(too_early, 503, "unavailable")
    assert too_early.headers["retry-after"] == "1"


async def test_a_finished_session_tells_its_whole_story(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    done = await finish(client, parts)
    shown = (await client.get(f"/sessions/{done['sessionId']}", params={"after": done["position"]})).json()
    assert (shown["status"], shown["userId"], shown["goal"]) == ("completed", "local", GOAL)
    assert [task["status"] for task in shown["tasks"]] == ["completed"] * 4
    assert {action["status"] for action in shown["actions"]} == {"succeeded"}
    assert shown["summary"]["answer"] == shown["answer"]
    assert shown["summary"]["steps"] == 4
    assert shown["summary"]["cost"]["modelCalls"] > 4


async def test_the_log_and_the_read_model_show_the_same_session(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    done = await finish(client, parts)
    session = UUID(done["sessionId"])
    await client.get("/sessions", params={"after": done["position"]})
    rows = await parts.store.read_stream(session)
    shown = await show_session(parts.services.reads, "local", session)
    assert plain(fold(rows)) == plain(shown)


async def test_a_written_session_is_listed(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    listed = (await client.get("/sessions", params={"after": started["position"]})).json()
    assert [each["id"] for each in listed["sessions"]] == [started["sessionId"]]
    assert listed["next"] is None


async def test_sessions_are_listed_in_pages_the_newest_first(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    started = [(await client.post("/orchestrate", json={"goal": f"goal {number}"})).json() for number in range(5)]
    found: list[str] = []
    params: dict[str, Any] = {"limit": 2, "after": started[-1]["position"]}
    while True:
        page = (await client.get("/sessions", params=params)).json()
        found += [each["id"] for each in page["sessions"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert found == [each["sessionId"] for each in reversed(started)]


async def test_sessions_are_listed_by_status(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    paused = (await client.post(f"/sessions/{started['sessionId']}/pause")).json()
    for status, number in (("paused", 1), ("queued", 0)):
        params = {"status": status, "after": paused["position"]}
        assert len((await client.get("/sessions", params=params)).json()["sessions"]) == number
    problem(await client.get("/sessions", params={"status": "asleep"}), 400, "invalid")


async def test_sessions_are_listed_by_user_and_by_a_text_in_their_goal(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    for params, number in (
        ({"userId": "local"}, 1),
        ({"userId": "ada"}, 0),
        ({"q": "BLUE mugs"}, 1),
        ({"q": "100%"}, 0),
        ({"q": "mugs", "userId": "local", "status": "queued"}, 1),
    ):
        listed = await client.get("/sessions", params={**params, "after": started["position"]})
        assert len(listed.json()["sessions"]) == number, params
    for text in ("x" * 201, "\0"):
        problem(await client.get("/sessions", params={"q": text}), 400, "invalid")


async def test_nothing_is_read_behind_the_end_of_the_log(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    head, beyond = await parts.store.head(), f"{await parts.store.log_id()}:{10**17}"
    path = f"/sessions/{started['sessionId']}"
    for each in ("/sessions", "/approvals", "/dead-letters", path, f"{path}/events", f"{path}/state"):
        assert f"up to {head}," in problem(await client.get(each, params={"after": beyond}), 400, "invalid")
    asked = f'{{ session(id: "{started["sessionId"]}") {{ events(after: "{beyond}") {{ nodes {{ version }} }} }} }}'
    (fault,) = (await client.post("/graphql", json={"query": asked})).json()["errors"]
    assert fault["extensions"]["code"] == "INVALID" and f"up to {head}," in fault["message"]


async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    cursor = (await client.get("/tools", params={"limit": 1})).json()["next"]
    for path in ("/sessions", "/approvals"):
        problem(await client.get(path, params={"cursor": cursor}), 400, "invalid")


async def test_reading_never_sees_less_than_what_was_written(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    path = f"/sessions/{started['sessionId']}"

    async def turn(verb: str) -> None:
        written = (await client.post(f"{path}/{verb}")).json()
        shown = (await client.get(path)).json()
        assert shown["version"] >= written["version"]

    async with asyncio.timeout(60):
        for _ in range(10):
            await turn("pause")
            await turn("resume")
