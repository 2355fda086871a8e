"""An API is checked, registered, overridden and bound over GraphQL as over REST."""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import problem
from tests.api.graphql.conftest import ask, refused

CHECK = """
query ($document: DocumentGiven!) {
  checkDocument(document: $document) {
    ok dialect operations tools skipped viewBytes viewMedian diagnostics { severity place operation message }
  }
}
"""
ADD = """
mutation ($api: ApiDefinition!, $key: String) {
  addTools(api: $api, idempotencyKey: $key) { api openapiRef status tools skipped reasons version position }
}
"""
SET = """
mutation ($id: ID!, $changes: ToolChanges!, $version: Int) {
  setTool(id: $id, changes: $changes, reason: "too loud", version: $version) {
    id api operation version position
    override { effectClass repeatable enabled deprecated answers scopes rateLimit trusted private }
  }
}
"""
BOUND = "scheme kind reference origin place field clientId tokenUrl clientAuth unasked"
BIND = f"""
mutation ($api: String!, $to: BindingDefinition!) {{
  bindScheme(api: $api, scheme: "key", to: $to) {{ binding {{ {BOUND} }} version position }}
}}
"""
UNBIND = 'mutation ($api: String!) { unbindScheme(api: $api, scheme: "key") { binding { scheme } version } }'
BINDINGS = f"query ($api: String!) {{ bindings(api: $api) {{ {BOUND} }} }}"
ODD: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "odd", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "paths": {
        "/a": {"get": {"operationId": "a"}, "trace": {}},
        "/b": {"post": {"operationId": "b", "servers": [{"url": "https://files.example.com"}]}},
    },
}
TEXT = json.dumps(ODD)


async def test_a_document_is_checked_without_being_registered(client: httpx.AsyncClient) -> None:
    shown = (await client.post("/documents/check", json={"document": ODD})).json()
    assert (shown["ok"], shown["operations"], shown["tools"], shown["skipped"]) == (True, 3, 1, 2)
    assert [each["operation"] for each in shown["diagnostics"]] == ["TRACE /a", "POST /b"]
    assert (
        shown["diagnostics"][1]["place"] == "/paths/~1b/post" and "--allow-origin" in shown["diagnostics"][1]["message"]
    )
    assert (await ask(client, CHECK, document={"document": TEXT}))["checkDocument"] == shown
    allowed = {"document": TEXT, "allowOrigins": ["https://files.example.com"]}
    assert (await client.post("/documents/check", json=allowed)).json()["tools"] == 2
    assert (await ask(client, CHECK, document=allowed))["checkDocument"]["tools"] == 2
    assert (await client.get("/tools")).json()["tools"] == []
    cut = (await client.post("/documents/check", json={"document": '{"openapi": '})).json()
    assert not cut["ok"] and "line 1, column 13" in cut["diagnostics"][0]["message"]


async def test_what_is_no_question_about_a_document_is_refused(client: httpx.AsyncClient) -> None:
    for body in ({}, {"document": ODD, "url": "https://a.example"}, {"document": ODD, "allowOrigins": ["a"]}):
        problem(await client.post("/documents/check", json=body), 400, "invalid")
        given = {**body, "document": TEXT} if "document" in body else body
        assert (await refused(client, CHECK, document=given))[0] == "INVALID"


async def test_an_api_is_registered_once_for_each_key(client: httpx.AsyncClient) -> None:
    api = {"name": "odd", "document": TEXT, "rateLimit": 60, "allowOrigins": ["https://files.example.com"]}
    done = (await ask(client, ADD, api=api, key="odd"))["addTools"]
    assert (done["api"], done["status"], done["tools"], done["skipped"]) == ("odd", "active", 2, 1)
    assert done["reasons"] == ["TRACE /a: TRACE would echo what is sent"]
    assert (await ask(client, ADD, api=api, key="odd"))["addTools"] == done
    assert (await refused(client, ADD, api={**api, "rateLimit": 1}, key="odd"))[0] == "COMMAND_REUSED"
    staged = (await ask(client, ADD, api={"name": "odd", "document": TEXT + "\n", "stage": True}))["addTools"]
    assert (staged["status"], staged["tools"]) == ("staged", 1)
    assert [each["id"] for each in (await client.get("/tools")).json()["tools"]] == ["a", "b"]


async def test_what_an_api_only_calls_itself_gives_no_tools(client: httpx.AsyncClient) -> None:
    hears = {**ODD, "webhooks": {"paid": {"post": {}}}, "paths": {}}
    added = (await ask(client, ADD, api={"name": "hears", "document": json.dumps(hears)}))["addTools"]
    assert (added["status"], added["tools"], added["skipped"]) == ("active", 0, 0)
    assert (await client.get("/tools")).json()["tools"] == []
    assert [each["tools"] for each in (await client.get("/apis/hears/revisions")).json()["revisions"]] == [0]


async def test_a_plain_tool_is_registered_by_its_schema(client: httpx.AsyncClient) -> None:
    api = {
        "name": "wish",
        "schema": '{"type": "object"}',
        "url": "https://a.example/wish",
        "description": "Note a wish.",
    }
    assert (await ask(client, ADD, api=api))["addTools"]["tools"] == 1
    for wrong in ({"schema": '{}, "allowPrivate": true'}, {"schema": "{"}, {"rateLimit": -1}, {"name": "A B"}):
        assert (await refused(client, ADD, api={**api, **wrong}))[0] == "INVALID", wrong


@pytest.mark.usefixtures("tools")
async def test_a_tool_is_set_as_over_rest(client: httpx.AsyncClient) -> None:
    rest = (await client.patch("/tools/create_order", json={"scopes": ["write"], "rateLimit": 9})).json()
    done = (await ask(client, SET, id="create_order", changes={"rateLimit": None, "answers": "enforce"}))["setTool"]
    assert done["override"] == {**rest["override"], "rateLimit": None, "answers": "enforce"}
    assert done["version"] == rest["version"] + 1
    shown = (await client.get("/tools/create_order")).json()
    assert (shown["answers"], shown["scopes"], shown["rateLimit"]) == ("enforce", ["write"], 0)
    stale = {"id": "create_order", "changes": {"enabled": False}, "version": rest["version"]}
    assert (await refused(client, SET, **stale))[0] == "STALE"
    for changes in ({}, {"effectClass": "harmless"}, {"effectClass": ""}, {"answers": "maybe"}, {"rateLimit": -1}):
        assert (await refused(client, SET, id="create_order", changes=changes))[0] == "INVALID", changes
    assert (await refused(client, SET, id="none", changes={"enabled": False}))[0] == "NOT_FOUND"


@pytest.mark.usefixtures("tools")
async def test_a_scheme_is_bound_and_unbound_as_over_rest(client: httpx.AsyncClient) -> None:
    to = {"reference": "env:REPRISE_SECRET_SHOP", "kind": "api-key", "place": "header", "field": "X-Api-Key"}
    done = (await ask(client, BIND, api="shop", to=to))["bindScheme"]
    listed = (await client.get("/apis/shop/bindings")).json()["bindings"]
    assert (await ask(client, BINDINGS, api="shop"))["bindings"] == listed == [done["binding"]]
    assert done["binding"]["field"] == "X-Api-Key"
    gone = (await ask(client, UNBIND, api="shop"))["unbindScheme"]
    assert gone == {"binding": None, "version": done["version"] + 1}
    assert (await refused(client, BIND, api="shop", to={**to, "place": "body"}))[0] == "INVALID"
    assert (await refused(client, BIND, api="shop", to={**to, "reference": "env:HOME"}))[0] == "FORBIDDEN"
    assert (await refused(client, BIND, api="none", to=to))[0] == "NOT_FOUND"
