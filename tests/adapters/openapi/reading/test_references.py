"""Schemas stay references; one that leads nowhere blocks what needs it, and anchors lead through the tree."""

import json
from typing import Any

import pytest

from adapters.openapi.model import Api
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.source import read_source
from adapters.openapi.reading.text import read_text
from adapters.openapi.references import Unusable, target
from tests.adapters.openapi.reading.bundles import packed
from tests.adapters.openapi.reading.documents import findings, openapi


def body(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def answer(schema: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def api(operations: dict[str, Any], **schemas: Any) -> Api:
    paths = {f"/{name}": {"post": raw} for name, raw in operations.items()}
    return read_api(openapi(paths, components={"schemas": schemas}))


def test_arguments_that_refer_to_nothing_block_their_operation_however_deep_and_answers_only_warn() -> None:
    found = api(
        {
            "direct": body(ref("Missing")),
            "deep": body({"allOf": [ref("A")]}),
            "parameter": {"parameters": [{"name": "q", "in": "query", "schema": {"items": ref("A")}}]},
            "answer": answer(ref("A")),
            "loop": body(ref("L1")),
            "remote": body({"$ref": "https://example.com/a.json"}),
            "good": {**body(ref("Cycle")), **answer(ref("Cycle"))},
            "data": body({"example": ref("Missing"), "enum": [ref("Missing")], "x-more": ref("Missing")}),
            "named": body({"properties": {"example": {"type": "string"}, "$ref": {"type": "string"}}}),
            "truth": body(True),
        },
        A={"properties": {"default": {"items": ref("B")}}},
        B={"anyOf": [ref("Missing"), {}]},
        L1=ref("L2"),
        L2=ref("L1"),
        Cycle={"properties": {"next": ref("Cycle")}, "unevaluatedProperties": False, "items": False},
    )
    errors = {each.operation: each.message for each in findings(found, "error")}
    assert list(errors) == ["POST /direct", "POST /deep", "POST /parameter", "POST /loop", "POST /remote"]
    assert "Missing' points at nothing" in errors["POST /deep"] and "leads back to itself" in errors["POST /loop"]
    assert "leads to the network" in errors["POST /remote"]
    assert [each.operation for each in findings(found, "warning")] == ["POST /answer"]
    assert [each.path for each in found.operations] == ["/answer", "/good", "/data", "/named", "/truth"]


POSTED = "#/paths/~1a/post/requestBody/content/application~1json/schema"


@pytest.mark.parametrize(
    ("schemas", "reference", "place"),
    [
        ({"A": {"$anchor": "pet"}}, "#pet", "#/components/schemas/A"),
        ({"A": {"$dynamicAnchor": "pet"}}, "#pet", "#/components/schemas/A"),
        ({"A": {"$id": "https://e.org/pet.json"}}, "https://e.org/pet.json", "#/components/schemas/A"),
        ({"A": {"$id": "https://e.org/pet.json", "items": {"$anchor": "x"}}}, "https://e.org/pet.json#x",
         "#/components/schemas/A/items"),
        ({"A": {"$id": "https://e.org/pet", "$defs": {"D d": {}}}}, "https://e.org/pet#/$defs/D%20d",
         "#/components/schemas/A/$defs/D%20d"),
        ({"A/b": {"$anchor": "pet"}}, "#pet", "#/components/schemas/A~1b"),
        ({"A": {"$id": "https://e.org/pet.json"}}, "#/components/schemas/A", "#/components/schemas/A"),
        ({"A": {"$id": "https://[e", "$anchor": "x"}}, "https://[e#x", "https://[e#x"),
        ({"A": {"$anchor": "pet"}}, "#cat", "#cat"),
    ],
)  # fmt: skip
def test_anchors_and_identifiers_become_pointers(schemas: dict[str, Any], reference: str, place: str) -> None:
    tree = openapi({"/a": {"post": body({"$ref": reference})}}, components={"schemas": schemas})
    read = read_text(json.dumps(tree).encode())
    found = read["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert found == place
    assert '"$id": "' not in json.dumps(read)
    if place.startswith("#/"):
        assert target(read, found) is not None


def test_a_reference_inside_a_schema_with_an_identifier_is_relative_to_it() -> None:
    inner = {"$id": "https://e.org/a/pet.json", "properties": {"o": {"$ref": "#/$defs/O"}, "c": {"$ref": "cat.json"}}}
    schemas = {"A": {**inner, "$defs": {"O": {}}}, "C": {"$id": "https://e.org/a/cat.json"}}
    read = read_text(json.dumps(openapi({}, components={"schemas": schemas})).encode())
    properties = read["components"]["schemas"]["A"]["properties"]
    assert properties == {
        "o": {"$ref": "#/components/schemas/A/$defs/O"}, "c": {"$ref": "#/components/schemas/C"},
    }  # fmt: skip


def test_a_dynamic_reference_that_can_lead_to_one_place_only_is_one_like_any_other() -> None:
    tree = {"$dynamicAnchor": "node", "properties": {"below": {"items": {"$dynamicRef": "#node"}}}}
    closed = {**tree, "unevaluatedProperties": False}
    found = read_text(json.dumps(openapi({"/a": {"post": body(closed)}})).encode())
    schema = found["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["below"]["items"] == {"$ref": POSTED}
    two = openapi({"/a": {"post": body(closed)}}, components={"schemas": {"B": {"$dynamicAnchor": "node"}}})
    unsettled = read_api(read_text(json.dumps(two).encode()))
    (warned,) = findings(unsettled, "warning")
    assert "'$dynamicRef' says nothing" in warned.message and len(unsettled.operations) == 1


def test_a_document_may_go_by_the_name_that_it_gives_itself() -> None:
    named = {"$self": "https://e.org/api.json", "components": {"schemas": {"A": {"type": "object"}}}}
    for reference in ("https://e.org/api.json#/components/schemas/A", "api.json#/components/schemas/A"):
        tree = openapi({"/a": {"post": body({"$ref": reference})}}, "3.2.0", **named)
        found = read_api(read_text(json.dumps(tree).encode()))
        assert len(found.operations) == 1 and not found.findings, reference
    away = openapi({"/a": {"post": body({"$ref": "other.json#/A"})}}, "3.2.0", **named)
    assert not read_api(read_text(json.dumps(away).encode())).operations


def test_anchors_work_across_the_files_of_a_bundle() -> None:
    source = read_source(
        packed(
            {
                "api.json": json.dumps(openapi({"/a": {"post": body({"$ref": "pets.json#cat"})}})),
                "pets.json": json.dumps(
                    {"cat": {"$anchor": "cat", "items": {"$ref": "#dog"}}, "d": {"$anchor": "dog"}}
                ),
            }
        )
    )
    found = read_api(source.tree)
    assert len(found.operations) == 1 and not found.findings
    assert source.tree["x-reprise-files"]["pets.json"]["cat"]["items"] == {"$ref": "#/x-reprise-files/pets.json/d"}


@pytest.mark.parametrize("token", ["-1", "+1", "01", " 1", "1_0", "٢", "", "2"])
def test_only_a_place_that_a_list_has_is_pointed_at(token: str) -> None:
    with pytest.raises(Unusable, match="points at nothing"):
        target({"list": [{}, {}]}, f"#/list/{token}")
