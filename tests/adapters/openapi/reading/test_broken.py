"""A keyword that says nothing is told at its place and keeps nothing from being called."""

from typing import Any

import pytest

from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.broken import MOST
from tests.adapters.openapi.reading.documents import findings, openapi, swagger

AT = "/components/schemas/A"


def told(schema: Any, version: str = "3.1.0", **more: Any) -> dict[str, str]:
    """Return the warnings of a document with one named schema, by place."""
    api = read_api(openapi({"/a": {"get": {}}}, version, components={"schemas": {"A": schema, **more}}))
    assert len(api.operations) == 1
    return {each.place: each.message for each in findings(api, "warning")}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "strng"}, "/type"),
        ({"type": ["string", "any"]}, "/type"),
        ({"type": {}}, "/type"),
        ({"minimum": "3"}, "/minimum"),
        ({"maxLength": -1}, "/maxLength"),
        ({"multipleOf": 0}, "/multipleOf"),
        ({"required": True}, "/required"),
        ({"enum": []}, "/enum"),
        ({"enum": {"a": 1}}, "/enum"),
        ({"pattern": "(?=look)ahead"}, "/pattern"),
        ({"pattern": "["}, "/pattern"),
        ({"uniqueItems": "yes"}, "/uniqueItems"),
        ({"exclusiveMinimum": True}, "/exclusiveMinimum"),
        ({"items": "string"}, "/items"),
        ({"items": [1]}, "/items"),
        ({"allOf": {}}, "/allOf"),
        ({"anyOf": []}, "/anyOf"),
        ({"properties": []}, "/properties"),
        ({"properties": {"n": "string"}}, "/properties"),
        ({"properties": {"n": {"type": "text"}}}, "/properties/n/type"),
        ({"additionalProperties": "yes"}, "/additionalProperties"),
        ({"not": {"items": {"minItems": "1"}}}, "/not/items/minItems"),
        ({"oneOf": [{}, {"format": "x", "maximum": None}]}, "/oneOf/1/maximum"),
        ({"$ref": 5}, "/$ref"),
    ],
)
def test_a_broken_keyword_is_told_at_its_place(schema: Any, place: str) -> None:
    found = told(schema)
    assert list(found) == [AT + place] and "says nothing" in found[AT + place]


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": ["string", "null"],
            "enum": [None],
            "const": None,
            "required": [],
            "nullable": "odd",
            "x-own": {"type": 5},
        },
        {"exclusiveMinimum": True, "minimum": 3, "exclusiveMaximum": False},
        {"exclusiveMinimum": 3, "items": False, "unevaluatedProperties": False, "prefixItems": [True]},
        {"items": [{"type": "string"}], "additionalItems": False, "dependencies": {"a": ["b"]}},
        {"example": {"type": "strng"}, "default": {"$ref": 5}, "enum": [{"type": "strng"}]},
        {"properties": {"type": {"type": "string"}, "required": {}, "enum": {"type": "integer"}}},
        {"discriminator": {"propertyName": 5}, "xml": {}, "externalDocs": 7, "format": 5, "title": []},
    ],
)
def test_what_says_something_or_is_no_keyword_of_a_schema_is_not_told(schema: Any) -> None:
    assert told(schema) == {}


def test_what_stands_beside_a_reference_counts_only_where_the_dialect_reads_it() -> None:
    beside = {"$ref": "#/components/schemas/B", "type": "strng"}
    assert told(beside, "3.0.3", B={}) == {}
    assert list(told(beside, "3.1.0", B={})) == [f"{AT}/type"]


def test_each_schema_is_read_once_wherever_it_stands_and_circles_end() -> None:
    here = {"schema": {"type": "strng", "properties": {"n": {"$ref": "#/x-shared/0"}}}}
    shared: dict[str, Any] = {"x-shared": [{"minLength": "1", "items": {"$ref": "#/x-shared/0"}}]}
    tree = openapi(
        {
            "/a": {
                "get": {
                    "parameters": [{"name": "q", "in": "query", **here}],
                    "responses": {
                        "200": {"description": "", "content": {"application/json": here}, "headers": {"h": here}}
                    },
                }
            }
        },
        **shared,
    )
    places = [each.place for each in read_api(tree).findings]
    assert sorted(places) == ["/paths/~1a/get/parameters/0/schema/type", "/x-shared/0/minLength"]


def test_parameters_of_swagger_2_hold_keywords_beside_their_own() -> None:
    good = {"name": "f", "in": "formData", "required": True, "type": "file"}
    bad = {"name": "q", "in": "query", "required": True, "type": "text", "maximum": "9"}
    keys = {"k": {"type": "apiKey", "in": "header", "name": "X"}}
    api = read_api(swagger({"/a": {"post": {"parameters": [good, bad]}}}, securityDefinitions=keys))
    places = [each.place for each in findings(api, "warning")]
    assert places == ["/paths/~1a/post/parameters/1/type", "/paths/~1a/post/parameters/1/maximum"]
    assert len(api.operations) == 1


def test_more_than_can_be_read_is_counted_as_more() -> None:
    found = told({"properties": {f"p{number}": {"type": "strng"} for number in range(2 * MOST)}})
    assert len(found) == MOST + 1 and "beyond are not listed" in found[""]


@pytest.mark.parametrize("schema", [False, {"$ref": "#/components/schemas/None"}])
def test_an_operation_that_nothing_can_be_passed_to_is_blocked_alone(schema: Any) -> None:
    parameter = {"name": "q", "in": "query", "required": True, "schema": schema}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    paths = {
        "/a": {"get": {"parameters": [parameter]}, "post": {"requestBody": body}},
        "/b": {
            "get": {"parameters": [{**parameter, "required": False}]},
            "post": {"requestBody": {**body, "required": False}},
        },
    }
    api = read_api(openapi(paths, components={"schemas": {"None": False}}))
    blocked = {each.operation: each.message for each in findings(api, "error")}
    assert sorted(blocked) == ["GET /a", "POST /a"] and "schema is false" in blocked["POST /a"]
    assert [each.name for each in api.operations] == ["GET /b", "POST /b"]
