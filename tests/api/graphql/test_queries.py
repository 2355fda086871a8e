"""People explore sessions over GraphQL: what REST shows, in one request, page by page, with every digit."""

import asyncio
from operator import itemgetter
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from commands.shell import to_log
from domain.replay import Row, replay_state, state_digest
from domain.session.events import SessionPaused
from tests.api.conftest import GOAL, Parts, finish
from tests.api.graphql.conftest import ask, record
from tests.projections.histories import event_of

TASKS = """
tasks {
  id step agentId goal criteria after status round inputJson outputJson reason startedAt finishedAt
  actions {
    id toolId operation effectClass status reason requestJson requestDigest responseJson httpStatus latencyMs
    retryCount verdict rules startedAt finishedAt
  }
}
"""
REST = """
verdicts { call step toolId decision rules policySet reason requestDigest observed refused at version position }
violations { id severity rule details createdAt }
approvals { id question status requestDigest decidedBy decisionReason }
deadLetters { id status }
cost { modelCalls toolCalls tokensIn tokensOut tokens latencyMs breakdown { step purpose modelCalls toolCalls } }
"""
SESSION = f"""
query ($id: ID!, $version: Int) {{
  session(id: $id) {{
    id userId goal status lane model createdAt updatedAt finishedAt version position answer reason
    {TASKS} {REST}
    messages(first: 500) {{ nodes {{ position version at role title detail step call }} }}
    events(first: 500) {{ nodes {{ position version type kind at actor title detail step call role event }} }}
    stateAt(version: $version) {{ version schema digest state changes {{ path op before after }} }}
  }}
}}
"""


@pytest.fixture
async def finished(client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Run the demo's goal to its end; give how it ended."""
    return await finish(client, parts)


async def test_a_session_is_shown_as_rest_shows_it(
    client: httpx.AsyncClient, finished: dict[str, Any], parts: Parts
) -> None:
    path = f"/sessions/{finished['sessionId']}"
    shown = (await client.get(path)).json()
    found = (await ask(client, SESSION, id=finished["sessionId"]))["session"]
    for name in ("id", "userId", "status", "createdAt", "updatedAt", "version", "position", "answer", "reason"):
        assert found[name] == shown[name], name
    assert (found["goal"], found["finishedAt"]) == (GOAL, found["updatedAt"])
    actions = [action for task in found["tasks"] for action in task["actions"]]
    for ours, theirs in ((found["tasks"], shown["tasks"]), (actions, shown["actions"])):
        common = ours[0].keys() & theirs[0].keys()
        assert len(common) >= 11
        shown_alike = [{name: each[name] for name in common} for each in theirs]
        assert sorted(({name: each[name] for name in common} for each in ours), key=itemgetter("id")) == sorted(
            shown_alike, key=itemgetter("id")
        )
    assert found["cost"]["tokens"] == shown["summary"]["cost"]["tokens"] > 0
    assert found["cost"]["modelCalls"] == sum(part["modelCalls"] for part in found["cost"]["breakdown"])
    assert {each["decision"] for each in found["verdicts"]} == {"allow", "ask"}
    assert {each["status"] for each in found["approvals"]} == {"granted"}


async def test_events_and_messages_say_what_is_stored(
    client: httpx.AsyncClient, finished: dict[str, Any], parts: Parts
) -> None:
    path = f"/sessions/{finished['sessionId']}/events"
    stored = (await client.get(path, params={"limit": 500})).json()["events"]
    found = (await ask(client, SESSION, id=finished["sessionId"]))["session"]
    shown = found["events"]["nodes"]
    assert [{name: each[name] for name in ("position", "version", "type", "event")} for each in shown] == stored
    spoken = [each["version"] for each in shown if each["role"]]
    assert [each["version"] for each in found["messages"]["nodes"]] == spoken
    assert shown[0]["title"] == "local submitted a goal" and shown[0]["kind"] == "fact"


async def test_the_state_at_every_version_has_the_digest_of_a_replay(
    client: httpx.AsyncClient, finished: dict[str, Any], parts: Parts
) -> None:
    rows = [row for row in await parts.store.read_log(0, 500) if str(row.originator_id) == finished["sessionId"]]
    replayed = [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in rows]
    state = "stateAt(version: $v) { version digest changes { path } }"
    asked = f"query ($id: ID!, $v: Int) {{ session(id: $id) {{ {state} }} }}"
    for version in (1, 2, len(rows) // 2, len(rows)):
        found = (await ask(client, asked, id=finished["sessionId"], v=version))["session"]["stateAt"]
        assert (found["version"], found["digest"]) == (version, state_digest(replay_state(replayed, version)))
        assert found["changes"]


async def test_pages_of_events_follow_one_another(client: httpx.AsyncClient, finished: dict[str, Any]) -> None:
    asked = """query ($id: ID!, $after: Position) { session(id: $id) { events(first: 7, after: $after) {
        nodes { version } edges { cursor node { position version } } pageInfo { hasNextPage endCursor } } } }"""
    versions, after, more = list[int](), None, True
    while more:
        page = (await ask(client, asked, id=finished["sessionId"], after=after))["session"]["events"]
        versions += [each["version"] for each in page["nodes"]]
        assert [edge["cursor"] for edge in page["edges"]] == [edge["node"]["position"] for edge in page["edges"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert versions == list(range(1, len(versions) + 1)) and len(versions) > 40


async def test_pages_of_large_events_are_cut_by_bytes(client: httpx.AsyncClient, parts: Parts) -> None:
    session, _ = await record(parts, most=1)
    large = [event_of(SessionPaused(reason="x" * 300_000)) for _ in range(9)]
    await parts.store.append(to_log(UUID(session), 1, large))
    asked = """query ($id: ID!, $after: Position) { session(id: $id) { events(first: 500, after: $after) {
        nodes { version event } pageInfo { hasNextPage endCursor } } } }"""
    versions, after, more = list[int](), None, True
    while more:
        page = (await ask(client, asked, id=session, after=after))["session"]["events"]
        assert len(page["nodes"]) <= 5
        versions += [each["version"] for each in page["nodes"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert versions == list(range(1, 11))


async def test_pages_of_messages_follow_one_another(client: httpx.AsyncClient, finished: dict[str, Any]) -> None:
    asked = """query ($id: ID!, $first: Int!, $after: String) { session(id: $id) {
        messages(first: $first, after: $after) { nodes { version } pageInfo { hasNextPage endCursor } } } }"""
    every = (await ask(client, asked, id=finished["sessionId"], first=500))["session"]["messages"]
    first = (await ask(client, asked, id=finished["sessionId"], first=3))["session"]["messages"]
    after = first["pageInfo"]["endCursor"]
    rest = (await ask(client, asked, id=finished["sessionId"], first=500, after=after))["session"]["messages"]
    assert first["nodes"] + rest["nodes"] == every["nodes"] and len(first["nodes"]) == 3
    assert not rest["pageInfo"]["hasNextPage"]


async def test_sessions_are_listed_page_by_page_and_filtered(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    started = [await start(client, f"Goal {number} of 100%") for number in range(5)]
    asked = """query ($filter: SessionFilter, $first: Int!, $after: String) {
        sessions(filter: $filter, first: $first, after: $after) {
            nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }"""
    found, after, more = list[str](), None, True
    while more:
        page = (await ask_fresh(client, started[-1]["position"], asked, first=2, after=after))["sessions"]
        found += [each["id"] for each in page["nodes"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
    assert found == [each["sessionId"] for each in reversed(started)]
    for chosen, count in (
        ({"status": "queued"}, 5),
        ({"status": "failed"}, 0),
        ({"userId": "local"}, 5),
        ({"userId": "somebody"}, 0),
        ({"text": "goal 3"}, 1),
        ({"text": "100%"}, 5),
        ({"text": "1%0"}, 0),
        ({"status": "queued", "text": "GOAL 1"}, 1),
    ):
        assert len((await ask(client, asked, first=10, filter=chosen))["sessions"]["nodes"]) == count, chosen


async def test_what_is_registered_and_how_far_read_models_are_is_shown(
    client: httpx.AsyncClient, tools: dict[str, Any], started: dict[str, Any]
) -> None:
    agent = {"id": "clerk", "role": "clerk", "promptTemplate": "Be exact."}
    written = (await client.post("/agents", json={**agent, "tools": ["shop/*"]})).json()
    built = (await client.post("/projections/tools/rebuild", json={})).json()
    asked = """{
      agents { id role promptTemplate capabilities version }
      projections { name version position head lag build { state position head requestedBy requestedAt differences } }
    }"""
    found = await ask_fresh(client, written["position"], asked)
    assert {**agent, "capabilities": ["shop/*"], "version": 1} in found["agents"]
    assert {"sessions", "tasks", "actions", "verdicts", "costs"} <= {each["name"] for each in found["projections"]}
    assert {each["lag"] for each in found["projections"]} == {0}
    assert {each["position"] for each in found["projections"]} == {each["head"] for each in found["projections"]}
    builds = {each["name"]: each["build"] for each in found["projections"]}
    assert builds["sessions"] is None
    assert all(builds["tools"][name] == built[name] for name in builds["tools"] if name != "requestedAt")


async def test_every_digit_of_foreign_json_is_kept(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    context = b'{"amount": 1.10, "large": 123456789012345678901234567890, "small": 1E-30}'
    response = await client.post(
        "/orchestrate",
        content=b'{"goal": "Count.", "context": %b}' % context,
        headers={"content-type": "application/json"},
    )
    asked = {"query": SESSION, "variables": {"id": response.json()["sessionId"]}}
    answered = (await client.post("/graphql", json=asked)).content
    shown = msgspec.json.decode(answered)["data"]["session"]
    assert shown["events"]["nodes"][0]["version"] == 1
    for number in (b"1.10", b"123456789012345678901234567890", b"1E-30"):
        assert answered.count(number) >= 2, "in the event, and in the state"


async def start(client: httpx.AsyncClient, goal: str) -> dict[str, Any]:
    """Start a session that no worker looks after."""
    response = await client.post("/orchestrate", json={"goal": goal})
    answered: dict[str, Any] = response.json()
    return answered


async def ask_fresh(client: httpx.AsyncClient, position: str, query: str, **variables: Any) -> dict[str, Any]:
    """Ask for what is at least as new as a position."""
    asked = {"query": query, "variables": variables}
    async with asyncio.timeout(60):
        # On a busy machine a read may have to be asked again, as its problem says.
        while (response := await client.post("/graphql", params={"after": position}, json=asked)).status_code == 503:
            pass
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data
