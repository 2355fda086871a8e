"""A tool is described, its call rehearsed and a revision checked over GraphQL as over REST."""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, finish
from tests.api.graphql.conftest import ask, refused
from tests.api.revised import edited, grow, name_customers, number_prices

Json = dict[str, Any]
ORDER = {"body": {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}}
DESCRIBED = """
query ($id: ID!, $at: String! = "", $depth: Int! = 4) {
  tool(id: $id, at: $at, depth: $depth) {
    id api operation openapiRef description effectClass repeatable enabled deprecated answers ownScopes ownRateLimit
    at parameters trusted private
  }
}
"""
REHEARSED = """
query ($tool: ID!, $arguments: String!, $agent: String! = "") {
  dryRun(tool: $tool, arguments: $arguments, agent: $agent) {
    tool api openapiRef operation agent effectClass repeatable problems method url pages headers { name value }
    bodyDigest bodyBytes bodyPreview requestDigest decision rules policySet reason idempotency toolCalls requestBytes
    money currency
  }
}
"""
REVISIONS = (
    "query ($api: String!) { revisions(api: $api) { api openapiRef status baseUrl origins tools skipped reason by } }"
)
DRIFT = """
query ($api: String!, $digest: String!, $examples: Int! = 20) {
  drift(api: $api, digest: $digest, examples: $examples) {
    api openapiRef current status calls failing changed answers mismatched openSessions askedAgain more
    findings { cause fails operation pointer message calls examples { call session version position status } }
    waiting { session version step call tool operation stage fails reasons { cause pointer message } }
  }
}
"""


def as_rest(found: Json, **names: str) -> Json:
    """Return what GraphQL shows under the names that REST gives it."""
    return {names.get(name, name): value for name, value in found.items()}


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(("at", "depth"), [("", 4), ("/body/items/0", 1)])
async def test_a_tool_is_described_at_a_place_as_deep_as_asked(client: httpx.AsyncClient, at: str, depth: int) -> None:
    await client.patch("/tools/create_order", json={"answers": "enforce", "rateLimit": 9})
    shown = (await client.get("/tools/create_order", params={"depth": depth} | ({"at": at} if at else {}))).json()
    found = (await ask(client, DESCRIBED, id="create_order", at=at, depth=depth))["tool"]
    names = {"api": "apiId", "openapiRef": "document", "ownScopes": "scopes", "ownRateLimit": "rateLimit"}
    assert {**as_rest(found, **names), "override": shown["override"]} == shown
    assert (found["answers"], found["ownRateLimit"]) == ("enforce", 9)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("arguments", [ORDER, {"body": {"customerId": 7}}])
async def test_a_call_is_rehearsed_as_over_rest(client: httpx.AsyncClient, arguments: Json) -> None:
    shown = (await client.post("/tools/create_order/dry-run", json={"arguments": arguments})).json()
    found = (await ask(client, REHEARSED, tool="create_order", arguments=json.dumps(arguments)))["dryRun"]
    assert as_rest(found, openapiRef="document") == shown
    assert bool(found["problems"]) == (arguments is not ORDER) == (not found["requestDigest"])


@pytest.mark.usefixtures("tools")
async def test_a_rehearsed_call_says_what_it_would_cost_by_the_prices_in_force(client: httpx.AsyncClient) -> None:
    call = {"arguments": ORDER}
    free = (await client.post("/tools/create_order/dry-run", json=call)).json()
    assert (free["money"], free["currency"]) == (0, "")
    prices = {"name": "list", "currency": "EUR", "tools": [{"tool": "shop/*", "perCall": "0.25"}]}
    assert (await client.post("/prices", json=prices)).status_code == 201
    await client.post("/prices/list/activate", json={"reason": "spring"})
    shown = (await client.post("/tools/create_order/dry-run", json=call)).json()
    assert (shown["money"], shown["currency"]) == (250_000, "EUR")
    found = (await ask(client, REHEARSED, tool="create_order", arguments=json.dumps(ORDER)))["dryRun"]
    assert as_rest(found, openapiRef="document") == shown


@pytest.mark.usefixtures("tools")
async def test_the_digits_of_a_rehearsed_number_are_those_that_were_written(client: httpx.AsyncClient) -> None:
    schema = {"type": "object", "properties": {"weight": {"type": "number"}}}
    await client.post("/tools", json={"name": "weigh", "schema": schema, "url": "http://127.0.0.1:1/weigh"})
    found = (await ask(client, REHEARSED, tool="weigh", arguments='{"body": {"weight": 1.10}}'))["dryRun"]
    assert found["bodyPreview"] == '{"weight":1.10}'


@pytest.mark.usefixtures("tools")
async def test_a_revision_is_listed_and_checked_as_over_rest(client: httpx.AsyncClient, parts: Parts) -> None:
    await finish(client, parts)
    document = edited(parts.shop.document(), name_customers, number_prices)
    staged = {"name": "shop", "document": document, "allowPrivate": True, "stage": True}
    digest = (await client.post("/tools", json=staged)).json()["digest"]
    listed = (await client.get("/apis/shop/revisions")).json()["revisions"]
    found = (await ask(client, REVISIONS, api="shop"))["revisions"]
    assert [as_rest(each, openapiRef="document") for each in found] == listed
    assert [each["status"] for each in found] == ["active", "staged"]
    after = f"{await parts.store.log_id()}:{await parts.store.head()}"
    shown = (await client.get(f"/apis/shop/revisions/{digest}/drift", params={"after": after})).json()
    drift = (await ask(client, DRIFT, api="shop", digest=digest))["drift"]
    assert as_rest(drift, openapiRef="document") == shown
    assert {each["cause"] for each in drift["findings"]} == {"argument-refused", "answer-mismatch"}


WRITTEN = "{ revision { openapiRef status reason by } version position moved kept { session reason } more }"
ACTIVATE = f"""
mutation ($digest: String!, $waiting: String! = "pin", $version: Int, $key: String) {{
  activateRevision(
    api: "shop", digest: $digest, waiting: $waiting, reason: "spring", version: $version, idempotencyKey: $key
  ) {WRITTEN}
}}
"""
QUARANTINE, LIFT = (
    f'mutation ($digest: String!, $why: String!) {{ {verb}(api: "shop", digest: $digest, reason: $why) {WRITTEN} }}'
    for verb in ("quarantineRevision", "liftQuarantine")
)


@pytest.mark.usefixtures("tools")
async def test_a_revision_is_refused_allowed_again_and_activated_as_over_rest(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    staged = {"name": "shop", "document": edited(parts.shop.document(), name_customers), "allowPrivate": True}
    digest = (await client.post("/tools", json={**staged, "stage": True})).json()["digest"]
    refusal = (await ask(client, QUARANTINE, digest=digest, why="a typo"))["quarantineRevision"]
    assert (refusal["revision"]["status"], refusal["revision"]["reason"]) == ("quarantined", "a typo")
    assert (await refused(client, ACTIVATE, digest=digest))[0] == "NOT_POSSIBLE"
    lifted = (await ask(client, LIFT, digest=digest, why="it was none"))["liftQuarantine"]
    assert lifted["revision"]["status"] == "staged" and lifted["version"] == refusal["version"] + 1
    assert (await refused(client, ACTIVATE, digest=digest, version=refusal["version"]))[0] == "STALE"
    assert "pin, migrate" in (await refused(client, ACTIVATE, digest=digest, waiting="wait"))[1]
    once = await ask(client, ACTIVATE, digest=digest[:12], version=lifted["version"], key="spring")
    assert once == await ask(client, ACTIVATE, digest=digest[:12], version=lifted["version"], key="spring")
    done = once["activateRevision"]
    assert done["revision"] == {"openapiRef": digest, "status": "active", "reason": "", "by": ""}
    listed = (await client.get("/apis/shop/revisions")).json()["revisions"]
    assert [each["status"] for each in listed] == ["earlier", "active"]


@pytest.mark.usefixtures("tools")
async def test_open_sessions_move_or_stay_as_over_rest(client: httpx.AsyncClient, parts: Parts) -> None:
    staged = {"name": "shop", "document": edited(parts.shop.document(), grow), "allowPrivate": True, "stage": True}
    digest = (await client.post("/tools", json=staged)).json()["digest"]
    session = (await client.post("/orchestrate", json={"goal": GOAL})).json()["sessionId"]
    done = (await ask(client, ACTIVATE, digest=digest, waiting="migrate"))["activateRevision"]
    assert (done["moved"], done["kept"], done["more"]) == (1, [], 0), session
    shown = (await client.get(f"/sessions/{session}/events", params={"limit": 50})).json()
    assert "session.catalog-migrated.v1" in [each["type"] for each in shown["events"]]


@pytest.mark.usefixtures("tools")
async def test_what_is_not_there_or_asks_for_too_much_is_refused(client: httpx.AsyncClient) -> None:
    assert (await refused(client, DESCRIBED, id="none"))[0] == "NOT_FOUND"
    assert "/body/nothing" in (await refused(client, DESCRIBED, id="create_order", at="/body/nothing"))[1]
    assert "a depth from 1 to 8" in (await refused(client, DESCRIBED, id="create_order", depth=9))[1]
    assert (await refused(client, REHEARSED, tool="none", arguments="{}"))[0] == "NOT_FOUND"
    assert (await refused(client, REVISIONS, api="none"))[0] == "NOT_FOUND"
    assert (await refused(client, DRIFT, api="shop", digest="0000000"))[0] == "NOT_FOUND"
    assert "0 to 500 examples" in (await refused(client, DRIFT, api="shop", digest="0000000", examples=501))[1]
    broken = (await ask(client, REHEARSED, tool="create_order", arguments="{"))["dryRun"]
    assert broken["problems"] and not broken["requestDigest"]
