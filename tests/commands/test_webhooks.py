"""A tool without a document becomes a document of one operation, and is then what every tool is."""

import json
from typing import Any

import msgspec
import pytest

from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from commands.catalogue import PlainTool, document_of
from commands.ports import ToolCall
from domain.catalog.state import Document
from domain.encoding import digest_bytes, foreign
from domain.errors import Invalid

SCHEMA = {
    "type": "object",
    "description": "Note a wish.",
    "properties": {"wish": {"$ref": "#/$defs/wish"}, "next": {"$ref": "#"}},
    "required": ["wish"],
    "additionalProperties": False,
    "$defs": {"wish": {"type": "string", "maxLength": 9}},
}


def plain(schema: Any = SCHEMA, url: str = "http://127.0.0.1:1/hooks/wish", **more: Any) -> PlainTool:
    return PlainTool(name="wish", url=url, schema=foreign(schema), **more)


class Blobs:
    """Hold one document."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return it."""
        return self._data


async def problems(data: bytes, body: object) -> tuple[str, ...]:
    """Say what stands against posting a body."""
    found = OpenApiDocuments().ingest(data, api="wish", base_url="")
    document = Document(api="wish", document=digest_bytes(data), base_url=found.base_url, tools=found.tools)
    call = ToolCall(tenant="local", tool=found.tools[0], document=document, arguments=foreign({"body": body}))
    never: Any = None
    return (await OpenApiTools(never, Blobs(data)).check(call)).problems


async def test_a_plain_tool_takes_what_its_schema_allows_and_nothing_else() -> None:
    data = document_of(plain())
    assert await problems(data, {"wish": "rain", "next": {"wish": "sun"}}) == ()
    refused: list[object] = [{"wish": "more than nine"}, {"next": {"wish": "sun"}}, {"wish": "a", "next": {}}, [], None]
    for wrong in refused:
        assert await problems(data, wrong) != (), wrong


async def test_what_only_looks_like_a_reference_is_a_value_and_a_property_may_be_called_like_a_keyword() -> None:
    like = {"$ref": "#/$defs/wish"}
    properties = {"const": {"const": like}, "enum": {"enum": [like]}, "default": {"$ref": "#/$defs/wish"}}
    data = document_of(plain({"type": "object", "properties": properties, "$defs": SCHEMA["$defs"], "default": like}))
    assert await problems(data, {"const": like, "enum": like, "default": "short"}) == ()
    for wrong in ({"const": {"$ref": "#/components/schemas/Input/$defs/wish"}}, {"default": "longer than nine"}):
        assert await problems(data, wrong) != ()


def test_a_plain_tool_is_one_that_writes_under_its_own_name() -> None:
    (tool,) = OpenApiDocuments().ingest(document_of(plain()), api="wish", base_url="").tools
    assert (tool.name, tool.operation, tool.effect_class, tool.repeatable) == (
        "wish",
        "POST /hooks/wish",
        "write",
        False,
    )
    assert tool.description == "Note a wish."


def test_the_same_tool_is_the_same_document() -> None:
    turned = dict(reversed(SCHEMA.items()))
    assert document_of(plain()) == document_of(plain(turned)) != document_of(plain(description="Another."))


def test_numbers_of_a_schema_keep_their_digits() -> None:
    schema = msgspec.Raw(b'{"type":"number","multipleOf":0.10,"maximum":12345678901234567890.5}')
    assert b"12345678901234567890.5" in document_of(PlainTool(name="n", url="http://a/", schema=schema))


def test_what_the_tool_answers_may_be_said_too() -> None:
    tree = json.loads(document_of(plain(output=foreign({"type": "array", "items": {"$ref": "#/items"}}))))
    answer = tree["paths"]["/hooks/wish"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Output"}
    assert tree["components"]["schemas"]["Output"]["items"] == {"$ref": "#/components/schemas/Output/items"}


WRONG: list[dict[str, Any]] = [
    {"schema": []},
    {"schema": True},
    {"output": foreign(7)},
    {"url": "ftp://a/"},
    {"url": "not a url"},
    {"url": "http://[::1"},
    {"url": "http://a:99999/"},
    {"url": "http://u:p@a/"},
    {"url": "http://a/?token=1"},
    {"url": "http://a/#x"},
    {"url": "http://a/{id}"},
    {"description": "d" * 2_001},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_plain_tool_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="Expected"):
        document_of(plain(**wrong))


def test_a_schema_that_says_a_key_twice_is_refused() -> None:
    schema = msgspec.Raw(b'{"type": "object", "properties": {}, "type": "string"}')
    with pytest.raises(Invalid, match="'type' stands there again"):
        document_of(PlainTool(name="t", url="http://a/", schema=schema))
