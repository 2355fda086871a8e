"""Revise the document of an API that was called: what would break is named, and nothing else; then move, or stay."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from commands.drift.activating import activate
from commands.ports import LogEvent
from tests.api.conftest import GOAL, Parts, finish, problem
from tests.api.revised import EDITS, ORDER, Edit, edited, grow, name_customers, tighten_carriers
from tests.commands.parts import context

Json = dict[str, Any]
MIGRATED = "session.catalog-migrated.v1"


async def stage(client: httpx.AsyncClient, parts: Parts, *edits: Edit, **more: Any) -> str:
    """Stage an edited document; return its digest."""
    body = {"name": "shop", "document": edited(parts.shop.document(), *edits), "allowPrivate": True, "stage": True}
    written = await client.post("/tools", json={**body, **more})
    assert (written.status_code, written.json()["status"]) == (201, "staged"), written.text
    return str(written.json()["digest"])


async def drift(client: httpx.AsyncClient, parts: Parts, digest: str) -> Json:
    log, head = await parts.store.log_id(), await parts.store.head()
    response = await client.get(f"/apis/shop/revisions/{digest}/drift", params={"after": f"{log}:{head}"})
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


async def change(client: httpx.AsyncClient, digest: str, verb: str, **given: Any) -> httpx.Response:
    headers = given.pop("headers", {})
    return await client.post(f"/apis/shop/revisions/{digest}/{verb}", json=given, headers=headers)


async def waiting(client: httpx.AsyncClient, many: int = 1, *, but: Sequence[str] = ()) -> list[Json]:
    """Return so many open approvals, once they are there."""
    for _ in range(600):
        listed = (await client.get("/approvals")).json()["approvals"]
        found = [each for each in listed if each["id"] not in but]
        if len(found) >= many:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("nobody was asked")


async def asking(client: httpx.AsyncClient, many: int = 1) -> list[Json]:
    """Start sessions, and let them wait for the approval of their order; a worker must run."""
    for _ in range(many):
        await client.post("/orchestrate", json={"goal": GOAL})
    return await waiting(client, many)


async def ended(client: httpx.AsyncClient, parts: Parts, session: str) -> Json:
    """Approve whatever the session asks until it has ended."""
    for _ in range(600):
        shown: Json = (await client.get(f"/sessions/{session}")).json()
        if shown["status"] in ("completed", "failed", "cancelled"):
            return shown
        for each in (await client.get("/approvals")).json()["approvals"]:
            if each["sessionId"] == session:
                await client.post(f"/approvals/{each['id']}", json={"decision": "approve"})
        await asyncio.sleep(0.05)
    raise AssertionError("it does not end")


async def replays(client: httpx.AsyncClient, session: str) -> bool:
    found: Json = (await client.post(f"/sessions/{session}/replay", json={"execute": True})).json()
    return bool(found["divergences"] == [] and found["unchecked"] == 0 and found["facts"] == found["decided"])


@pytest.mark.usefixtures("tools")
async def test_each_edit_names_the_calls_and_plans_that_it_breaks_and_nothing_else(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    done = (await finish(client, parts))["sessionId"]
    async with parts.worker():
        (asked,) = await asking(client)
    for edit, expected in EDITS:
        found = await drift(client, parts, await stage(client, parts, edit))
        name = edit.__name__
        assert {(each["cause"], each["operation"], each["pointer"]) for each in found["findings"]} == expected, name
        unlike = sum(each["calls"] for each in found["findings"] if each["cause"] == "answer-mismatch")
        assert found["mismatched"] == unlike <= found["answers"], name
        otherwise = sum(each["calls"] for each in found["findings"] if not each["fails"]) - unlike
        counted = (found["calls"], found["changed"], found["openSessions"], found["askedAgain"])
        assert counted == (6, otherwise, 1, 1), name
        sessions = {call["session"] for each in found["findings"] for call in each["examples"]}
        assert sessions <= {done, asked["sessionId"]} and bool(sessions) == bool(expected), name
        plans = [(each["session"], each["call"], each["stage"]) for each in found["waiting"]]
        broken = [(asked["sessionId"], "call-2-1", "asking")] if edit is name_customers else []
        assert plans == broken, name


@pytest.mark.usefixtures("tools")
async def test_several_edits_are_told_apart_and_lead_to_the_calls(client: httpx.AsyncClient, parts: Parts) -> None:
    done = (await finish(client, parts))["sessionId"]
    found = await drift(client, parts, await stage(client, parts, tighten_carriers, name_customers))
    assert (found["calls"], found["failing"], found["openSessions"]) == (4, 2, 0)
    order = next(each for each in found["findings"] if each["operation"] == ORDER)
    (named,) = order["examples"]
    assert (named["call"], named["session"], named["status"]) == (f"{done}-call-2-1", done, "succeeded")
    recorded = (await client.get(f"/sessions/{done}/events", params={"limit": 500})).json()["events"]
    assert named["position"] in {each["position"] for each in recorded if each["version"] == named["version"]}


@pytest.mark.usefixtures("tools")
async def test_a_new_server_is_named_once_and_what_would_be_sent_otherwise_is_no_failure(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    async with parts.worker():
        await asking(client)
    digest = await stage(client, parts, grow, baseUrl="http://127.0.0.1:9/v2")
    found = await drift(client, parts, digest)
    assert [(each["cause"], each["fails"], each["calls"]) for each in found["findings"]] == [
        ("server-changed", False, 2)
    ]


@pytest.mark.usefixtures("tools")
async def test_a_staged_revision_gives_no_tools_and_an_open_session_keeps_what_it_pinned(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    before = (await client.get("/tools/create_order")).json()
    async with parts.worker():
        (asked,) = await asking(client)
        digest = await stage(client, parts, name_customers)
        assert (await client.get("/tools/create_order")).json() == before
        done = await change(client, digest, "activate", reason="customers are named by texts")
        assert done.json()["revision"]["status"] == "active"
        assert (await client.get("/tools/create_order")).json()["document"] == digest
        assert (await ended(client, parts, asked["sessionId"]))["status"] == "completed"
    assert await replays(client, asked["sessionId"])


@pytest.mark.usefixtures("tools")
async def test_a_migrated_session_asks_again_goes_on_and_replays_word_for_word(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    async with parts.worker():
        (asked,) = await asking(client)
        digest = await stage(client, parts, grow)
        done = (await change(client, digest, "activate", waiting="migrate")).json()
        assert (done["moved"], done["kept"]) == (1, [])
        (again,) = await waiting(client, but=[asked["id"]])
        assert again["sessionId"] == asked["sessionId"] and again["requestJson"] == asked["requestJson"]
        assert again["requestDigest"] != asked["requestDigest"]
        old = await client.post(f"/approvals/{asked['id']}", json={"decision": "approve"})
        assert "superseded" in problem(old, 409, "not-possible")
        assert (await ended(client, parts, asked["sessionId"]))["status"] == "completed"
    assert await replays(client, asked["sessionId"])
    shown = (await client.get(f"/approvals/{asked['id']}")).json()
    assert shown["status"] == "superseded"


@pytest.mark.usefixtures("tools")
async def test_a_session_whose_next_call_would_fail_stays_and_is_named(client: httpx.AsyncClient, parts: Parts) -> None:
    async with parts.worker():
        (asked,) = await asking(client)
        digest = await stage(client, parts, name_customers)
        done = (await change(client, digest, "activate", waiting="migrate")).json()
        assert done["moved"] == 0
        (kept,) = done["kept"]
        assert kept["session"] == asked["sessionId"] and "call-2-1 would fail" in kept["reason"]
        assert (await ended(client, parts, asked["sessionId"]))["status"] == "completed"


@pytest.mark.usefixtures("tools")
async def test_a_migration_that_was_killed_is_taken_up_by_the_same_request(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with parts.worker():
        await asking(client, 3)
    digest = await stage(client, parts, grow)
    acting, services = context("the-very-request"), parts.services
    held = services.shell, services.catalogue, services.documents, services.past

    async def migrate() -> Any:
        return await activate(*held, acting, api="shop", document=digest, waiting="migrate")

    append, moved = parts.store.append, asyncio.Event()

    async def append_one_move(events: Sequence[LogEvent]) -> int:
        if any(event.topic == MIGRATED for event in events):
            if moved.is_set():
                await asyncio.Event().wait()
            moved.set()
        return await append(events)

    with monkeypatch.context() as held_up:
        held_up.setattr(parts.store, "append", append_one_move)
        killed = asyncio.create_task(migrate())
        while not await moves(parts):  # noqa: ASYNC110 - the log has no event for it
            await asyncio.sleep(0.01)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
    assert killed.cancelled() and await moves(parts) == 1
    done = await migrate()
    assert (done.moves.moved, done.moves.kept, await moves(parts)) == (3, (), 3)
    assert (await migrate()).moves.moved == 3 and await moves(parts) == 3


async def moves(parts: Parts) -> int:
    rows = await parts.store.read_log(0, 10_000)
    return sum(row.topic == MIGRATED for row in rows)


@pytest.mark.usefixtures("tools")
async def test_of_two_activations_at_once_one_is_carried_out(client: httpx.AsyncClient, parts: Parts) -> None:
    digest = await stage(client, parts, grow)
    both = await asyncio.gather(*(change(client, digest, "activate") for _ in range(2)))
    assert sorted(each.status_code for each in both) == [200, 409]
    rows = await parts.store.read_log(0, 10_000)
    assert sum(row.topic == "document.revision-activated.v1" for row in rows) == 1


@pytest.mark.usefixtures("tools")
async def test_a_repeated_request_is_answered_as_the_first_and_a_stale_one_refused(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    key = {"Idempotency-Key": "stage-it"}
    body = {"name": "shop", "document": edited(parts.shop.document(), grow), "stage": True, "allowPrivate": True}
    first, again = [await client.post("/tools", json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    digest = first.json()["digest"]
    listed = await client.get("/apis/shop/revisions")
    assert [each["status"] for each in listed.json()["revisions"]] == ["active", "staged"]
    stale = await change(client, digest, "activate", headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")
    acting = {"Idempotency-Key": "go", "If-Match": listed.headers["etag"]}
    done, repeated = [await change(client, digest, "activate", headers=acting) for _ in range(2)]
    assert (done.status_code, done.json()) == (200, repeated.json())


@pytest.mark.usefixtures("tools")
async def test_a_quarantined_revision_can_be_neither_activated_nor_registered_until_that_is_lifted(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    digest = await stage(client, parts, tighten_carriers)
    problem(await change(client, digest, "quarantine", reason=" "), 400, "invalid")
    refused = (await change(client, digest, "quarantine", reason="the carriers are wrong")).json()["revision"]
    assert (refused["status"], refused["by"], refused["reason"]) == ("quarantined", "local", "the carriers are wrong")
    assert "the carriers are wrong" in problem(await change(client, digest, "activate"), 409, "not-possible")
    body = {"name": "shop", "document": edited(parts.shop.document(), tighten_carriers), "allowPrivate": True}
    for more in ({}, {"stage": True}):
        problem(await client.post("/tools", json={**body, **more}), 409, "not-possible")
    lifted = await change(client, digest[:8], "lift", reason="they were right")
    assert lifted.json()["revision"]["status"] == "staged"
    assert (await change(client, digest, "activate")).status_code == 200
    problem(await change(client, digest, "quarantine", reason="too late"), 409, "not-possible")


@pytest.mark.usefixtures("tools")
async def test_an_open_session_calls_nothing_of_a_revision_that_was_quarantined(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    async with parts.worker():
        (asked,) = await asking(client)
        pinned = (await client.get("/tools/create_order")).json()["document"]
        await change(client, await stage(client, parts, grow), "activate")
        assert (await change(client, pinned, "quarantine", reason="it leaks")).status_code == 200
        orders = parts.shop.counts().operations.get("POST /orders")
        assert (await ended(client, parts, asked["sessionId"]))["status"] == "failed"
        assert parts.shop.counts().operations.get("POST /orders") == orders
    events = (await client.get(f"/sessions/{asked['sessionId']}/events", params={"limit": 500})).text
    assert f"its revision {pinned[:12]} was quarantined by local: it leaks" in events
    assert await replays(client, asked["sessionId"])


@pytest.mark.usefixtures("tools")
async def test_who_moves_sessions_to_what_is_in_force_is_held_to_if_match(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    digest = await stage(client, parts, grow)
    await change(client, digest, "activate")
    etag = (await client.get("/apis/shop/revisions")).headers["etag"]
    url, body = f"/apis/shop/revisions/{digest}/activate", {"waiting": "migrate"}
    problem(await client.post(url, json=body, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await client.post(url, json=body, headers={"If-Match": etag})).status_code == 200


async def test_what_is_not_there_is_refused(client: httpx.AsyncClient, parts: Parts, tools: Json) -> None:
    body = {"name": "other", "document": parts.shop.document(), "stage": True}
    assert "register its first" in problem(await client.post("/tools", json=body), 409, "not-possible")
    same = {"name": "shop", "document": parts.shop.document(), "stage": True}
    assert "in force" in problem(await client.post("/tools", json=same), 409, "not-possible")
    problem(await client.get("/apis/none/revisions"), 404, "not-found")
    problem(await client.get("/apis/shop/revisions/0000000/drift"), 404, "not-found")
    problem(await change(client, "0000000", "activate"), 404, "not-found")
    problem(await change(client, tools["digest"], "activate", waiting="never"), 400, "invalid")
    problem(await change(client, tools["digest"], "activate"), 409, "not-possible")
