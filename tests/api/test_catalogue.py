"""Agents and tools are registered, shown and paged over HTTP."""

import base64
import json
from typing import Any

import httpx

from ops.sample.http_server import Request, Response, json_response, serving
from ops.sample.shop import document
from tests.adapters.openapi.reading.bundles import packed
from tests.api.conftest import Parts, problem

AGENT = {"id": "buyer", "role": "executor", "promptTemplate": "You buy.", "tools": ["*"]}
BUYER = {**AGENT, "name": "buyer", "effects": [], "scopes": [], "model": "", "policy": "", "limits": {}}


async def test_a_document_becomes_tools(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    assert (tools["apiId"], tools["tools"], tools["skipped"]) == ("shop", 10, 0)
    listed = (await client.get("/tools")).json()["tools"]
    assert {each["apiId"] for each in listed} == {"shop"}
    one = (await client.get(f"/tools/{listed[0]['id']}")).json()
    assert one["document"] == tools["digest"]
    assert one["parameters"]["type"] == "object"


async def test_a_tool_is_shown_in_depth_or_in_part_on_request(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    part = (await client.get("/tools/create_order", params={"at": "/body/items/0"})).json()
    assert part["at"] == "/body/items/0" and part["parameters"]["required"] == ["productId", "quantity"]
    deep = (await client.get("/tools/create_order", params={"depth": 6})).json()
    assert "quantity" in deep["parameters"]["properties"]["body"]["properties"]["items"]["items"]["properties"]
    nowhere = await client.get("/tools/create_order", params={"at": "/body/nothing"})
    assert nowhere.status_code == 400 and "leads nowhere" in nowhere.json()["detail"]
    assert (await client.get("/tools/create_order", params={"depth": 99})).status_code == 400


async def test_a_document_may_be_a_text(client: httpx.AsyncClient, parts: Parts) -> None:
    body = {"name": "shop", "document": json.dumps(parts.shop.document())}
    assert (await client.post("/tools", json=body)).json()["tools"] == 10


async def test_a_document_is_fetched_where_it_is(client: httpx.AsyncClient, parts: Parts) -> None:
    body = {"name": "shop", "url": f"{parts.shop.url}/openapi.json", "allowPrivate": True}
    assert (await client.post("/tools", json=body)).json()["tools"] == 10


async def test_a_repeated_registration_fetches_nothing_again(client: httpx.AsyncClient, parts: Parts) -> None:
    titles = iter(("one", "two"))

    async def serve(request: Request) -> Response:
        return json_response(
            200, {**document(parts.shop.url, keys=True), "info": {"title": next(titles), "version": "1"}}
        )

    async with serving(serve) as url:
        body, key = {"name": "shop", "url": f"{url}/openapi.json", "allowPrivate": True}, {"Idempotency-Key": "docs"}
        first = await client.post("/tools", json=body, headers=key)
    assert first.status_code == 201
    again = await client.post("/tools", json=body, headers=key)
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), first.headers["etag"])


async def test_a_private_address_is_not_fetched_unasked(client: httpx.AsyncClient, parts: Parts) -> None:
    response = await client.post("/tools", json={"name": "shop", "url": f"{parts.shop.url}/openapi.json"})
    assert "--allow-private" in problem(response, 400, "invalid")


async def test_a_bundle_is_a_zip_of_files_and_a_repeated_request_is_answered_from_what_was_kept(
    client: httpx.AsyncClient,
) -> None:
    root = document("http://127.0.0.1:1", keys=True)
    item = root["paths"].pop("/orders")
    root["paths"]["/orders"] = {"$ref": "paths/orders.json"}
    item["trace"] = {"summary": "is skipped"}
    # References of a file are relative to it.
    orders = json.dumps(item).replace('"#/', '"../openapi.json#/')
    bundle = packed({"openapi.json": json.dumps(root), "paths/orders.json": orders})
    body = {"name": "shop", "bundle": base64.b64encode(bundle).decode()}
    first = await client.post("/tools", json=body, headers={"Idempotency-Key": "bundle"})
    again = await client.post("/tools", json=body, headers={"Idempotency-Key": "bundle"})
    assert first.status_code == 201, first.text
    assert first.json() == again.json() and first.json()["tools"] == 10
    assert first.json()["reasons"] == ["TRACE /orders: TRACE would echo what is sent"]
    tool = (await client.get("/tools/create_order")).json()
    assert (
        tool["document"] == first.json()["digest"] and "items" in tool["parameters"]["properties"]["body"]["properties"]
    )


URLS = ["http://127.0.0.1:1/openapi.json", "not a url", "file:///etc/passwd", "http://[::1", "http://u:p@127.0.0.1/"]


async def test_a_place_without_a_document_is_refused(client: httpx.AsyncClient) -> None:
    for url in URLS:
        body = {"name": "shop", "url": url, "allowPrivate": True}
        assert "document at" in problem(await client.post("/tools", json=body), 400, "invalid"), url


async def test_a_page_that_is_missing_is_no_document(client: httpx.AsyncClient, parts: Parts) -> None:
    body = {"name": "shop", "url": f"{parts.shop.url}/nothing", "allowPrivate": True}
    assert "404" in problem(await client.post("/tools", json=body), 400, "invalid")


DOCUMENTS: list[dict[str, Any]] = [
    {"name": "shop"},
    {"name": "shop", "document": {}, "url": "http://127.0.0.1/"},
    {"name": "shop", "document": {}, "bundle": "UEsFBg=="},
    {"name": "shop", "bundle": "UEsFBg=="},
    {"name": "shop", "bundle": "not base64"},
    {"name": "shop", "document": {"openapi": "3.1.0"}},
    {"name": "shop", "document": 7},
    {"name": "Shop!", "document": {}},
    {"name": "shop", "document": "{", "rateLimit": 1},
    {"name": "shop", "document": {}, "rateLimit": -1},
    {"name": "shop", "document": {}, "scopes": "all"},
    *(
        {"name": "shop", "document": document("http://a", keys=True), "baseUrl": url}
        for url in ("http://[", "http://a:99999/")
    ),
    {"name": "shop", "document": document("http://[", keys=True)},
]


async def test_a_document_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    for body in DOCUMENTS:
        problem(await client.post("/tools", json=body), 400, "invalid")


async def test_tools_come_in_pages(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    everything = (await client.get("/tools")).json()
    found, cursor = [], None
    while True:
        page = (await client.get("/tools", params={"limit": 4, **({"cursor": cursor} if cursor else {})})).json()
        found += page["tools"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == everything["tools"]


async def test_the_same_registration_sent_twice_is_carried_out_once(client: httpx.AsyncClient, parts: Parts) -> None:
    key, body = {"Idempotency-Key": "docs"}, {"name": "shop", "document": parts.shop.document()}
    first = await client.post("/tools", json=body, headers=key)
    again = await client.post("/tools", json=body, headers=key)
    assert again.json() == first.json()


async def test_the_default_agents_are_there_from_the_first_day(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/agents")).json()["agents"]
    assert [each["id"] for each in listed] == ["executor", "planner", "researcher", "reviewer", "toolsmith"]


async def test_an_agent_is_registered_and_shown(client: httpx.AsyncClient) -> None:
    written = await client.post("/agents", json=AGENT)
    assert (written.status_code, written.headers["location"]) == (201, "/agents/buyer")
    shown = await client.get("/agents/buyer", params={"after": written.json()["position"]})
    assert shown.json() == BUYER
    assert shown.headers["etag"] == written.headers["etag"] == '"1"'


async def test_an_agent_is_registered_once(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "buyer"}
    first = await client.post("/agents", json=AGENT, headers=key)
    assert (await client.post("/agents", json=AGENT, headers=key)).json() == first.json()
    assert "patch it" in problem(await client.post("/agents", json=AGENT), 409, "not-possible")


async def test_a_patch_changes_what_it_names(client: httpx.AsyncClient) -> None:
    await client.post("/agents", json=AGENT)
    patched = await client.patch("/agents/buyer", json={"role": "reviewer"}, headers={"If-Match": '"1"'})
    assert (patched.status_code, patched.json()["version"]) == (200, 2)
    assert (await client.get("/agents/buyer")).json() == {**BUYER, "role": "reviewer"}
    stale = await client.patch("/agents/buyer", json={"role": "planner"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")


async def test_an_agent_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    wrong: list[dict[str, Any]] = [{"id": "A B"}, {"role": " "}, {"tools": "all"}, {"color": "red"}]
    for body in ({}, *({**AGENT, **each} for each in wrong)):
        problem(await client.post("/agents", json=body), 400, "invalid")


async def test_tools_are_searched_the_best_first(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    found = (await client.get("/tools", params={"search": "give the money for an order back", "limit": 3})).json()
    assert len(found["tools"]) == 3
    whole = (await client.get("/tools", params={"search": "give the money for an order back"})).json()
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = await client.get("/tools", params={"search": "give the money for an order back", "limit": 3, **more})
        pages.append(page.json()["tools"])
        cursor = page.json()["next"]
    assert [tool for page in pages for tool in page] == whole["tools"] and len(pages) > 1 and whole["next"] is None
    best = (await client.get("/tools", params={"search": "refund an order"})).json()["tools"][0]
    assert best == next(one for one in (await client.get("/tools")).json()["tools"] if one["id"] == "refund_order")
    problem(await client.get("/tools", params={"search": "x" * 1_001}), 400, "invalid")


async def test_graphql_searches_tools_too(client: httpx.AsyncClient, tools: dict[str, Any]) -> None:
    query = """query ($first: Int!, $after: String, $filter: ToolFilter) {
      tools(search: "refund an order", first: $first, after: $after, filter: $filter) {
        nodes { id operation } pageInfo { hasNextPage endCursor }
      }
    }"""

    async def ask(**variables: Any) -> Any:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()["data"]["tools"]

    await client.get("/sessions", params={"after": tools["position"]})
    whole = await ask(first=100)
    best = {"id": "refund_order", "operation": "POST /orders/{orderId}/refunds"}
    assert whole["nodes"][0] == best and not whole["pageInfo"]["hasNextPage"]
    pages = [await ask(first=2)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await ask(first=2, after=pages[-1]["pageInfo"]["endCursor"]))
    assert [tool for page in pages for tool in page["nodes"]] == whole["nodes"] and len(pages) > 1
    reads = await ask(first=1, filter={"effect": "read"})
    assert reads["nodes"] and reads["nodes"][0]["operation"].startswith("GET "), "the best of those that are asked for"
