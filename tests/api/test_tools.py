"""An operator overrides what is said of a tool over HTTP, and tools without a document are registered."""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Parts, finish, problem
from tests.api.revised import edited, number_prices

PLAIN = {"name": "wish", "schema": {"type": "object", "required": ["text"]}, "url": "http://127.0.0.1:1/hooks/wish"}


async def one(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/tools/{name}")).json()
    return found


async def test_a_tool_is_overridden_and_shown_so(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    first = (await client.get("/tools")).json()["tools"][0]["id"]
    read = await client.get(f"/tools/{first}")
    assert read.json()["override"] == dict.fromkeys(read.json()["override"])
    body = {"effectClass": "destructive", "enabled": False, "rateLimit": 5, "scopes": ["buy"], "reason": "trial"}
    written = await client.patch(f"/tools/{first}", json=body, headers={"If-Match": read.headers["etag"]})
    assert written.status_code == 200 and written.json()["version"] == int(read.headers["etag"].strip('"')) + 1
    shown = await one(client, first)
    assert [shown[name] for name in ("effectClass", "enabled", "rateLimit", "scopes")] == [
        "destructive",
        False,
        5,
        ["buy"],
    ]
    stale = await client.patch(f"/tools/{first}", json={"enabled": True}, headers={"If-Match": read.headers["etag"]})
    problem(stale, 412, "stale")
    await client.patch(f"/tools/{first}", json={"enabled": None, "effectClass": None})
    again = await one(client, first)
    assert (again["enabled"], again["effectClass"], again["rateLimit"]) == (True, read.json()["effectClass"], 5)


async def test_an_operator_says_what_answers_are_taken_for(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    before = await one(client, "search_products")
    assert (before["trusted"], before["private"]) == (False, False)
    written = await client.patch("/tools/search_products", json={"trusted": True, "private": True})
    assert (written.json()["override"]["trusted"], written.json()["override"]["private"]) == (True, True)
    shown = await one(client, "search_products")
    assert (shown["trusted"], shown["private"]) == (True, True)


async def test_the_same_override_sent_twice_is_said_once(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    first = (await client.get("/tools")).json()["tools"][0]["id"]
    key = {"Idempotency-Key": "off"}
    once = await client.patch(f"/tools/{first}", json={"enabled": False}, headers=key)
    await client.patch(f"/tools/{first}", json={"enabled": True})
    again = await client.patch(f"/tools/{first}", json={"enabled": False}, headers=key)
    assert (again.json(), again.headers["etag"]) == (once.json(), once.headers["etag"])
    assert (await one(client, first))["enabled"]
    problem(await client.patch(f"/tools/{first}", json={"enabled": None}, headers=key), 422, "command-reused")


async def test_tools_are_listed_by_what_they_are(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    await client.post("/tools", json=PLAIN)
    await client.patch("/tools/wish", json={"enabled": False})

    async def ids(**filters: str) -> list[str]:
        return [each["id"] for each in (await client.get("/tools", params=filters)).json()["tools"]]

    assert await ids(api="wish") == await ids(enabled="false") == ["wish"]
    assert "wish" not in await ids(enabled="true")
    assert await ids(effect="write", api="wish") == ["wish"] and await ids(effect="read", api="wish") == []
    assert await ids(api="none") == []
    problem(await client.get("/tools", params={"effect": "good"}), 400, "invalid")


async def test_a_tool_without_a_document_is_registered_and_checked(client: httpx.AsyncClient, parts: Parts) -> None:
    written = await client.post("/tools", json=PLAIN)
    assert (written.status_code, written.json()["apiId"], written.json()["tools"]) == (201, "wish", 1)
    rehearsed = await client.post("/tools/wish/dry-run", json={"arguments": {"body": {"text": "rain"}}})
    shown = rehearsed.json()
    assert (shown["method"], shown["url"], shown["problems"]) == ("POST", PLAIN["url"], [])
    assert (await client.post("/tools/wish/dry-run", json={"arguments": {"body": {}}})).json()["problems"]


WRONG: list[dict[str, Any]] = [
    {**PLAIN, "url": ""},
    {**PLAIN, "schema": 7},
    {**PLAIN, "document": {}},
    {**PLAIN, "baseUrl": "http://a"},
    {"name": "wish", "url": "http://127.0.0.1:1/", "outputSchema": {}},
    {"name": "wish", "url": "http://127.0.0.1:1/", "description": "x"},
]


async def test_a_tool_of_the_wrong_form_is_refused(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    for body in WRONG:
        problem(await client.post("/tools", json=body), 400, "invalid")
    first = (await client.get("/tools")).json()["tools"][0]["id"]
    for patch in (
        {},
        {"effectClass": "good"},
        {"answers": "maybe"},
        {"enabled": 1},
        {"rateLimit": -1},
        {"color": "red"},
        {"scopes": [""]},
    ):
        problem(await client.patch(f"/tools/{first}", json=patch), 400, "invalid")
    problem(await client.patch("/tools/none", json={"enabled": False}), 404, "not-found")


@pytest.mark.parametrize("checks", ["warn", "enforce"])
async def test_an_answer_unlike_its_description_is_noted_or_where_the_operator_says_so_a_failure(
    client: httpx.AsyncClient, parts: Parts, checks: str
) -> None:
    document = edited(parts.shop.document(), number_prices)
    await client.post("/tools", json={"name": "shop", "document": document, "allowPrivate": True})
    done = await client.patch("/tools/search_products", json={"answers": checks})
    assert done.json()["override"]["answers"] == (await one(client, "search_products"))["answers"] == checks
    await finish(client, parts)
    topics = ("session.call-succeeded.v1", "session.call-failed.v1")
    rows = await parts.store.read_log(0, 10_000)
    told = [json.loads(row.state)["data"] for row in rows if row.topic in topics]
    if checks == "warn":
        assert "/0/priceCents" in told[0]["mismatches"][0] and "failure" not in told[0]
    else:
        assert told[0]["failure"] == "bad-answer" and "/0/priceCents" in told[0]["reason"]
        assert "mismatches" not in told[0]


async def test_the_tools_are_asked_of_graphql_too(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    first = (await client.get("/tools")).json()["tools"][0]["id"]
    done = await client.patch(f"/tools/{first}", json={"enabled": False, "rateLimit": 5})
    await client.get("/sessions", params={"after": done.json()["position"]})
    query = "{ tools(filter: {enabled: false}) { nodes { id enabled effectClass ownRateLimit parameters } } }"
    (node,) = (await client.post("/graphql", json={"query": query})).json()["data"]["tools"]["nodes"]
    assert (node["id"], node["enabled"], node["ownRateLimit"]) == (first, False, 5)
    wrong = await client.post("/graphql", json={"query": '{ tools(filter: {effect: "good"}) { nodes { id } } }'})
    assert "effect class" in wrong.json()["errors"][0]["message"]
