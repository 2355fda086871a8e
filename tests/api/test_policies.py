"""Policy sets over REST: kept, warned of, brought into force."""

import httpx

from tests.api.conftest import problem

EVERYTHING = '@id("everything") permit (principal, action, resource);'


async def test_a_set_that_always_allows_is_warned_of_when_it_is_kept_and_when_it_is_activated(
    client: httpx.AsyncClient,
) -> None:
    kept = await client.post("/policies", json={"name": "all", "text": EVERYTHING})
    assert kept.status_code == 201, kept.text
    assert kept.json()["cautions"][0] == "It allows tools that are not on the agent's list."
    active = await client.post("/policies/all/activate", json={"reason": "a trial"})
    assert (active.status_code, len(active.json()["cautions"])) == (200, 3)
    back = await client.post("/policies/default/activate", json={"reason": "enough"})
    assert back.json()["cautions"] == []


async def test_rules_that_cannot_be_used_are_refused_and_not_kept(client: httpx.AsyncClient) -> None:
    text = '@id("x") permit (principal, action, resource) when { context.nonsense };'
    problem(await client.post("/policies", json={"name": "odd", "text": text}), 400, "invalid")
    assert "odd" not in [each["name"] for each in (await client.get("/policies")).json()["policies"]]
