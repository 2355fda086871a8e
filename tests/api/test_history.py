"""What happened in a session is read as pages, and as its state at any version, without gap or repetition."""

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import httpx

from commands.shell import to_log
from domain.session.events import SessionPaused
from tests.api.conftest import Parts, problem
from tests.api.live.clients import SSE
from tests.projections.histories import event_of


def path_of(started: dict[str, Any]) -> str:
    """Return a session's path."""
    return f"/sessions/{started['sessionId']}"


async def test_a_page_holds_the_stored_events(client: httpx.AsyncClient, started: dict[str, Any], parts: Parts) -> None:
    page = (await client.get(f"{path_of(started)}/events")).json()
    rows = await parts.store.read_log(0, 100)
    stored = [row for row in rows if row.topic.startswith("session.")]
    assert [each["event"] for each in page["events"]] == [json.loads(row.state) for row in stored]
    assert page["events"][-1]["position"] == started["position"]
    assert page["next"] is None


async def test_pages_follow_one_another(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    path = f"{path_of(started)}/events"
    first = (await client.get(path, params={"limit": 1})).json()
    second = (await client.get(path, params={"limit": 1, "cursor": first["next"]})).json()
    assert [each["version"] for each in (*first["events"], *second["events"])] == [1, 2]
    assert second["next"] is None


async def test_pages_of_large_events_are_cut_by_bytes(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    large = [event_of(SessionPaused(reason="x" * 300_000)) for _ in range(9)]
    await parts.store.append(to_log(UUID(started["sessionId"]), 2, large))
    pages, params = [], {"limit": "500"}
    while params.get("cursor") != "None":
        pages.append((await client.get(f"{path_of(started)}/events", params=params)).json())
        params["cursor"] = str(pages[-1]["next"])
    assert [each["version"] for page in pages for each in page["events"]] == list(range(1, 12))
    assert [len(page["events"]) for page in pages] == [6, 4, 1]


async def test_a_cursor_that_is_none_is_refused(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    for cursor in ("x", "e30", "é", "bnVsbA"):
        problem(await client.get(f"{path_of(started)}/events", params={"cursor": cursor}), 400, "invalid")


async def test_positions_and_cursors_of_another_log_are_gone(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    path = f"{path_of(started)}/events"
    cursor = (await client.get(path, params={"limit": 1})).json()["next"]
    await parts.store.renew_log_id()
    problem(await client.get(path, params={"cursor": cursor}), 410, "wrong-log")
    problem(await client.get(path, params={"after": started["position"]}), 410, "wrong-log")
    problem(await client.get(path, headers={**SSE, "Last-Event-ID": started["position"]}), 410, "wrong-log")


async def test_a_position_that_is_none_is_refused(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    for position in ("7", "log:", "log:-1", "log:x", "log:" + "9" * 30):
        problem(await client.get(f"{path_of(started)}/events", params={"after": position}), 400, "invalid")


async def test_the_state_is_shown_at_any_version(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    path = path_of(started)
    await client.post(f"{path}/pause")
    now, before = await client.get(f"{path}/state"), await client.get(f"{path}/state", params={"at": 2})
    assert (now.headers["etag"], before.headers["etag"]) == ('"3"', '"2"')
    assert now.json()["state"]["paused_at"]
    assert "paused_at" not in before.json()["state"]
    assert [(each["path"], each["op"]) for each in now.json()["changes"]] == [
        ("/paused_at", "add"),
        ("/updated_at", "replace"),
    ]
    replayed = (await client.post(f"{path}/replay")).json()
    assert now.json()["digest"] == replayed["stateDigest"]


async def test_numbers_of_the_goal_keep_their_digits(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"goal": "buy blue mugs", "context": {"price": 1.10, "id": 12345678901234567890}}'
    started = (await client.post("/orchestrate", content=body, headers=headers)).json()
    shown = await client.get(f"{path_of(started)}/state")
    assert b'"id":12345678901234567890,"price":1.10' in shown.content


async def test_a_version_that_is_not_there_is_not_found(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    path = f"{path_of(started)}/state"
    assert "1 to 2" in problem(await client.get(path, params={"at": 3}), 404, "not-found")
    for at in ("0", "-1", "x"):
        assert "at" in problem(await client.get(path, params={"at": at}), 400, "invalid")


CURSORS: list[tuple[Any, ...]] = [
    (),
    ("abc",),
    (1,),
    (-1,),
    (2**63,),
    ("\0",),
    (1, 2),
    ("2024-01-01T00:00:00", str(uuid4())),
    ("2024-01-01T00:00:00Z", "nobody"),
    ("2024-01-01T00:00:00Z", "\0"),
    ("yesterday", str(uuid4())),
    (None,),
    ([],),
]


async def test_a_cursor_made_by_hand_is_refused_or_leads_nowhere(
    client: httpx.AsyncClient, parts: Parts, started: dict[str, Any]
) -> None:
    log = await parts.store.log_id()
    cursors = [base64.urlsafe_b64encode(json.dumps([log, *keys]).encode()).rstrip(b"=").decode() for keys in CURSORS]
    for path in ("/tools", "/sessions", "/approvals", f"/sessions/{started['sessionId']}/events"):
        for keys, cursor in zip(CURSORS, cursors, strict=True):
            response = await client.get(path, params={"cursor": cursor})
            assert response.status_code in (200, 400), (path, keys, response.text)
        for cursor in (cursors[0], cursors[-1], "W10", "e30", "é"):
            assert "cursor" in problem(await client.get(path, params={"cursor": cursor}), 400, "invalid")
