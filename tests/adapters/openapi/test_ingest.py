"""A document becomes tools that a model can name and call; what cannot be called is skipped with a reason."""

import json
import re
from typing import Any

import pytest

from adapters.openapi.ingest import Ingested, read_document
from domain.catalog.events import Tool
from domain.encoding import digest_bytes
from domain.errors import Invalid
from ops.sample.shop import document


def ingest(tree: dict[str, Any], base_url: str | None = "http://127.0.0.1:1/v1") -> Ingested:
    return read_document(json.dumps(tree).encode(), api="shop", base_url=base_url)


def openapi(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}


def tools(found: Ingested) -> dict[str, Tool]:
    return {tool.name: tool for tool in found.tools}


def view(tool: Tool) -> Any:
    return json.loads(bytes(tool.parameters))


def test_the_sample_shop_becomes_ten_tools() -> None:
    data = json.dumps(document("http://127.0.0.1:1", keys=True)).encode()
    found = read_document(data, api="shop", base_url=None)
    assert (found.document, found.dialect, found.title) == (digest_bytes(data), "openapi-3.1", "Sample shop")
    assert sorted(tools(found)) == [
        "cancel_order", "create_order", "get_customer", "get_order", "get_product", "list_orders", "refund_order",
        "search_products", "set_order_address", "ship_order",
    ]  # fmt: skip
    assert not found.skipped and found.operations == 10 and found.base_url == "http://127.0.0.1:1"


def _orders(path: str) -> Tool:
    """Return the tool of a GET that may order something by its path."""
    (tool,) = ingest(openapi({path: {"get": {"responses": {"200": {"description": ""}}}}})).tools
    return tool


def test_method_and_key_header_say_what_a_call_does_and_whether_it_can_be_repeated() -> None:
    keyed = tools(ingest(document("", keys=True)))
    plain = tools(ingest(document("", keys=False)))
    facts = {name: (tool.effect_class, tool.repeatable) for name, tool in keyed.items()}
    assert facts["get_order"] == ("read", True)
    assert facts["create_order"] == ("write", True)
    assert facts["set_order_address"] == ("idempotent-write", True)
    assert facts["cancel_order"] == ("destructive", True)
    assert not any(_orders(path).repeatable for path in ("/queue/purge", "/queue/restart"))
    assert _orders("/queue").repeatable
    assert not plain["create_order"].repeatable and plain["set_order_address"].repeatable


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"requestBody": {"$ref": "#/components/none"}}, "points at nothing"),
        ({"requestBody": {"$ref": "other.yaml#/Body"}}, "not local"),
        ({"requestBody": {"$ref": "#/components/loop"}}, "leads back to itself"),
        (
            {"servers": [{"url": "https://uploads.example.com/v1"}]},
            "which is not at http://127.0.0.1:1; to let its requests go there, register the document with "
            "--allow-origin https://uploads.example.com",
        ),
        ({"servers": [{"url": "ftp://127.0.0.1:1"}]}, "nor any place that can be called"),
        ({"servers": [{"url": "https://127.0.0.1:1"}]}, "--allow-origin https://127.0.0.1:1"),
        ({"servers": [{"url": "http://127.0.0.1:1/a/%2e%2e/b"}]}, "dot segment"),
        ({"servers": [{"url": "http://[::1/v1"}]}, "Invalid IPv6 URL"),
        ({"servers": [{"url": "http://user:secret@127.0.0.1:1/v1"}]}, "without user"),
        ({"parameters": [{"name": "v", "in": "query", "required": True, "style": "x"}]}, "in the style 'x'"),
        ({"parameters": ["id"]}, "expected an object, not the text 'id'"),
        ({"requestBody": None}, "expected an object, not null"),
        ({"requestBody": 7}, "expected an object, not the number 7"),
    ],
)
def test_what_cannot_be_called_is_skipped_with_the_reason(operation: dict[str, Any], reason: str) -> None:
    components = {"loop": {"$ref": "#/components/loop"}}
    found = ingest(openapi({"/ok": {"get": {}}, "/no": {"post": operation}}, components=components))
    assert [tool.operation for tool in found.tools] == ["GET /ok"]
    assert found.skipped[0].operation == "POST /no" and reason in found.skipped[0].message


@pytest.mark.parametrize(
    ("tree", "base_url", "message"),
    [
        ({"info": {}}, "http://a", "openapi: 3.x"),
        ({"openapi": "4.0.0"}, "http://a", "not '4.0.0'"),
        (openapi({}), "http://a", "there are none"),
        (openapi({"/a": {"get": {"servers": [{"url": "//x"}]}}}), "http://a", "of 1 none can. GET /a: it has a server"),
        (openapi({"/a": {"get": {}}}), None, "--base-url"),
        (openapi({"/a": {"get": {}}}, servers=[{"url": "/v1"}]), None, "'/v1'; name it by --base-url"),
        (openapi({"/a": {"get": {}}}), "ftp://a", "--base-url"),
        (openapi({"/a": {"get": {}}}), "http://user:secret@a", "without user"),
    ],
)
def test_an_unusable_document_is_refused_with_what_to_do(tree: dict[str, Any], base_url: str, message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)) as refusal:
        ingest(tree, base_url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "server",
    ["http://a/../v1", "http://a/%252e%252E/v1", "http://a/v1\r\nX: y", "http://a/a b", "http://a/ü", "http://ä"],
)
def test_a_server_below_which_nothing_could_be_sent_is_refused(server: str) -> None:
    with pytest.raises(Invalid, match=r"base URL below which calls can be sent: .* name it by --base-url"):
        ingest(openapi({"/a": {"get": {}}}, servers=[{"url": server}]), None)


def test_the_scheme_of_a_server_may_be_written_in_any_case() -> None:
    assert ingest(openapi({"/a": {"get": {}}}), "HTTPS://a.example.com/v1/").base_url == "https://a.example.com/v1"


def test_server_variables_take_their_defaults() -> None:
    server = {"url": "https://{region}.example.com/v1/", "variables": {"region": {"default": "eu"}}}
    assert ingest(openapi({"/a": {"get": {}}}, servers=[server]), None).base_url == "https://eu.example.com/v1"


def test_swagger_2_0_with_json_bodies_is_read_too() -> None:
    body = {"name": "b", "in": "body", "required": True, "schema": {"$ref": "#/definitions/New"}}
    limit = {"name": "limit", "in": "query", "type": "integer", "maximum": 9}
    tree = {
        "swagger": "2.0",
        "host": "api.example.com",
        "basePath": "/v2",
        "schemes": ["http", "https"],
        "paths": {"/a": {"post": {"parameters": [body]}, "get": {"parameters": [limit]}}},
        "definitions": {"New": {"type": "object", "properties": {"n": {"type": "string"}}}},
    }
    found = ingest(tree, None)
    shown = {tool.operation: view(tool)["properties"] for tool in found.tools}
    assert (found.base_url, found.dialect) == ("https://api.example.com/v2", "swagger-2.0")
    assert shown["POST /a"]["body"]["properties"] == {"n": {"type": "string"}}
    assert shown["GET /a"]["query"]["properties"]["limit"] == {"type": "integer", "maximum": 9}
