"""Agents are defined, changed and shown at run time; what they name must be there, and nothing is half-stored."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import SCRIPT, Parts, Serve, finish, problem
from tests.api.graphql.conftest import ask, refused

BUYER: dict[str, Any] = {
    "id": "buyer",
    "role": "purchasing",
    "promptTemplate": "You buy for {user}.",
    "tools": ["shop/*"],
    "effects": ["read", "write"],
    "scopes": ["orders"],
    "policy": "strict",
    "limits": {"replyTokens": 500, "reworkRounds": 1},
}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"promptTemplate": "You buy\nfor {usr}."}, "the unknown field {usr} in line 2, column 5"),
    ({"promptTemplate": 'Say {"a": 1}'}, "a brace that is meant is written twice"),
    ({"tools": ["create_ordr"]}, "there is no tool named 'create_ordr': there are create_order"),
    ({"tools": ["shup/*"]}, "there is no API named 'shup': there are shop"),
    ({"policy": "stricter"}, "there is no policy set named 'stricter': there are strict"),
    ({"effects": ["reads"]}, "effects"),
    (
        {"role": "researcher", "effects": ["read", "write"]},
        "a researcher, to have the effect read alone, but got write",
    ),
    ({"scopes": [" "]}, "scopes"),
    ({"model": "openai:gpt@http://127.0.0.1:9"}, "the operator adds others by REPRISE_MODELS"),
    ({"limits": {"steps": 0}}, "steps"),
    ({"limits": {"money": 1}}, "money"),
]


@pytest.mark.usefixtures("tools")
async def test_what_an_agent_names_must_be_there_and_nothing_is_stored_otherwise(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    head = await parts.store.head()
    for wrong, said in WRONG:
        assert said in problem(await client.post("/agents", json={**BUYER, **wrong}), 400, "invalid"), wrong
        assert said in problem(await client.patch("/agents/executor", json=wrong), 400, "invalid"), wrong
    missing = await client.patch("/agents/nobody", json={"name": "Nobody"})
    assert "nobody" in problem(missing, 404, "not-found")
    problem(await client.get("/agents/nobody/revisions"), 404, "not-found")
    assert await parts.store.head() == head


@pytest.mark.usefixtures("tools")
async def test_an_agent_that_researches_may_use_what_reads_alone(client: httpx.AsyncClient) -> None:
    given = {**BUYER, "role": "researcher"}
    del given["effects"]
    assert (await client.post("/agents", json=given)).status_code == 201
    assert (await client.patch("/agents/executor", json={"role": "researcher"})).status_code == 200
    agents = {each["id"]: each["effects"] for each in (await client.get("/agents")).json()["agents"]}
    assert (agents["buyer"], agents["executor"]) == (["read"], ["read"])


@pytest.mark.usefixtures("tools")
async def test_every_revision_of_an_agent_is_listed_with_the_digest_that_sessions_pin(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    assert (await client.post("/agents", json=BUYER)).status_code == 201
    patched = await client.patch(
        "/agents/buyer", json={"limits": {"steps": 2, "promptTokens": 90}}, headers={"If-Match": '"1"'}
    )
    assert patched.headers["etag"] == '"2"'
    listed = await client.get("/agents/buyer/revisions")
    first, second = listed.json()["revisions"]
    assert (first["version"], second["version"], listed.headers["etag"]) == (1, 2, '"2"')
    assert first["agent"] == {**BUYER, "name": "buyer", "model": ""}
    assert second["agent"] == {**first["agent"], "limits": {"steps": 2, "promptTokens": 90}}
    assert first["digest"] != second["digest"] and second["by"] == "local"
    started = (await client.post("/orchestrate", json={"goal": "Buy a mug"})).json()["sessionId"]
    state = (await client.get(f"/sessions/{started}/state")).json()["state"]
    pinned = next(agent for agent in state["agents"] if agent["id"] == "buyer")
    assert (pinned["revision"], pinned["limits"]) == (second["digest"], {"steps": 2, "prompt_tokens": 90})


async def test_how_an_agent_comes_is_version_zero_of_it(client: httpx.AsyncClient) -> None:
    default = (await client.get("/agents/executor/revisions")).json()["revisions"]
    assert [each["version"] for each in default] == [0] and default[0]["at"] is None
    assert (await client.get("/agents/executor")).headers["etag"] == '"0"'
    assert (
        await client.patch("/agents/executor", json={"name": "Ann"}, headers={"If-Match": '"0"'})
    ).status_code == 200


ADD = (
    "mutation ($agent: AgentDefinition!, $key: String) { addAgent(agent: $agent, idempotencyKey: $key) { id version } }"
)
PATCH = """
mutation ($id: ID!, $changes: AgentChanges!, $version: Int) {
  patchAgent(id: $id, changes: $changes, version: $version) { id version position }
}
"""
SHOW = """
query ($id: ID!) {
  agents { id role capabilities effects scopes model policy limits version }
  agentRevisions(id: $id) { version digest by definition }
}
"""


@pytest.mark.usefixtures("tools")
async def test_agents_are_defined_changed_and_shown_over_graphql(client: httpx.AsyncClient) -> None:
    added = await ask(client, ADD, agent=BUYER, key="once")
    assert (
        added["addAgent"]
        == {"id": "buyer", "version": 1}
        == (await ask(client, ADD, agent=BUYER, key="once"))["addAgent"]
    )
    changes = {"tools": ["create_order"], "limits": {}}
    changed = (await ask(client, PATCH, id="buyer", changes=changes, version=1))["patchAgent"]
    assert "version 1" in (await refused(client, PATCH, id="buyer", changes=changes, version=1))[1]
    assert "{usr}" in (await refused(client, PATCH, id="buyer", changes={"promptTemplate": "{usr}"}))[1]
    await client.get("/sessions", params={"after": changed["position"]})
    shown = await ask(client, SHOW, id="buyer")
    (buyer,) = shown["agents"]
    assert buyer == {
        "id": "buyer",
        "role": "purchasing",
        "capabilities": ["create_order"],
        "effects": ["read", "write"],
        "scopes": ["orders"],
        "model": "",
        "policy": "strict",
        "limits": {},
        "version": 2,
    }
    assert [each["version"] for each in shown["agentRevisions"]] == [1, 2]
    assert shown["agentRevisions"][0]["definition"]["limits"] == {"reply_tokens": 500, "rework_rounds": 1}


async def test_an_agent_asks_a_model_of_its_own_which_the_log_names(serve: Serve, parts: Parts, tmp_path: Any) -> None:
    own = f"scripted:{tmp_path / 'own.json'}"
    (tmp_path / "own.json").write_text(SCRIPT.read_text("utf-8"), "utf-8")
    async with serve(models=(own,)) as client:
        body = {"name": "shop", "document": parts.shop.document(), "allowPrivate": True}
        await client.post("/tools", json=body)
        patched = await client.patch("/agents/reviewer", json={"model": own, "limits": {"modelTimeoutMs": 5000}})
        assert patched.status_code == 200, patched.text
        done = await finish(client, parts)
        assert done["status"] == "completed"
        events = (await client.get(f"/sessions/{done['sessionId']}/events", params={"limit": 500})).json()["events"]
        asked = {
            each["event"]["data"]["call"]: each["event"]["data"].get("model", "")
            for each in events
            if "model-call-attempted" in each["type"]
        }
        assert {call for call, model in asked.items() if model == own} == {call for call in asked if "review" in call}
    async with serve() as client:
        refusal = problem(await client.post("/orchestrate", json={"goal": "Buy a mug"}), 409, "not-possible")
        assert "agent reviewer's model" in refusal and "REPRISE_MODELS" in refusal
        assert refusal.count(str(SCRIPT)) == 1, "the default model is named once, though it is among the others too"
