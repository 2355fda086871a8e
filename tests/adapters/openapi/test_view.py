"""What a model is shown of an operation: shallow, input only, without references or circles, in few bytes."""

import os
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adapters.openapi.ingest import read_document
from adapters.openapi.model import Body, Content, Operation, Parameter
from adapters.openapi.shapes import A_FILE, Bounds, shown
from adapters.openapi.view import MAX_BYTES, description_view, parameters_view, view_bytes, view_sizes
from domain.catalog.events import Tool
from domain.encoding import encode, foreign

TEXT = {"type": "string"}


def view(schema: Any, **definitions: Any) -> Any:
    return shown({"components": {"schemas": definitions}}, schema, Bounds())


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def parameter(name: str, place: Any, *, required: bool = False, schema: Any = TEXT, description: str = "") -> Parameter:
    return Parameter(
        name=name,
        place=place,
        required=required,
        schema=schema,
        style="form",
        explode=True,
        description=description,
    )


def body(*contents: tuple[str, Any], required: bool = True) -> Body:
    return Body(required=required, contents=tuple(Content(media_type=kind, schema=each) for kind, each in contents))


def post(**fields: Any) -> Operation:
    return Operation(method="POST", path="/x", **fields)


def test_arguments_are_grouped_by_place_and_say_what_is_required() -> None:
    operation = post(
        parameters=(parameter("id", "path", required=True), parameter("q", "query", description="What to\nlook for")),
        body=body(("application/json", thing(name=TEXT))),
    )
    assert parameters_view({}, operation) == {
        "type": "object",
        "properties": {
            "path": {"properties": {"id": TEXT}, "required": ["id"]},
            "query": {"properties": {"q": {"type": "string", "description": "What to look for"}}},
            "body": {"properties": {"name": TEXT}},
        },
        "required": ["path", "body"],
    }


def test_two_levels_of_properties_are_shown_and_what_is_cut_is_counted() -> None:
    deep = thing(a=thing(b=thing(c=thing(d=TEXT), e=TEXT)), f={"type": "array", "items": thing(g=TEXT)})
    assert view(deep) == {
        "properties": {
            "a": {"properties": {"b": {"type": "object", "cut": 2}}},
            "f": {"type": "array", "items": {"properties": {"g": TEXT}}},
        }
    }


def test_the_first_items_of_a_list_are_shown_each_by_itself() -> None:
    pair = {"type": "array", "prefixItems": [TEXT, {"type": "integer"}], "items": False}
    assert view(pair) == pair
    assert view({**pair, "items": TEXT}) == {"type": "array", "prefixItems": pair["prefixItems"]}
    assert view({"type": "array", "items": [TEXT], "additionalItems": False}) == {
        "type": "array", "prefixItems": [TEXT], "items": False,
    }  # fmt: skip
    assert view({"type": "array", "prefixItems": [TEXT] * 9, "items": False}) == {
        "type": "array", "prefixItems": [TEXT] * 4, "cut": 5,
    }  # fmt: skip


def test_a_circle_ends() -> None:
    node = thing(next=ref("Node"), several={"type": "array", "items": ref("Node")}, n=TEXT)
    shown = view(ref("Node"), Node=node)
    assert shown["properties"]["next"]["properties"]["next"] == {"type": "object", "cut": 3}
    assert view(ref("A"), A={"allOf": [ref("A"), thing(n=TEXT)]}) == {"properties": {"n": TEXT}}
    assert view(ref("A"), A={"$ref": "#/components/schemas/A"}) == {}
    for loop in ({"anyOf": [ref("A"), TEXT]}, {"items": ref("A")}, {"additionalProperties": ref("A")}):
        assert len(encode(view(ref("A"), A=loop))) < 500


def test_parts_of_an_all_of_become_one() -> None:
    base = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "kind": TEXT}}
    own = {"required": ["name"], "properties": {"name": TEXT, "kind": {"enum": ["cat"]}}}
    shown = view({"allOf": [ref("Base"), own], "description": "A cat"}, Base=base)
    assert set(shown["properties"]) == {"id", "kind", "name"} and set(shown["required"]) == {"id", "name"}
    assert shown["properties"]["kind"] == {"enum": ["cat"]} and shown["description"] == "A cat"


def test_what_only_answers_hold_is_left_out_wherever_it_says_so() -> None:
    schema = thing(id={"type": "string", "readOnly": True}, made=ref("Made"), name=TEXT) | {"required": ["id", "name"]}
    assert view(schema, Made={"type": "string", "readOnly": True}) == {
        "properties": {"name": TEXT},
        "required": ["name"],
    }


def test_openapi_3_0_is_shown_in_the_modern_way() -> None:
    bounded = {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True}
    assert view(bounded) == {"type": ["integer", "null"], "exclusiveMinimum": 0}
    assert view({"type": "string", "enum": ["a"], "nullable": True}) == {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}


def test_a_long_enum_gives_examples_and_counts_the_rest() -> None:
    values = [f"value{number}" for number in range(500)]
    assert view({"type": "string", "enum": values}) == {"type": "string", "examples": values[:12], "cut": 488}


def test_alternatives_are_shown_once_and_the_rest_is_counted() -> None:
    same = {"anyOf": [TEXT, {"type": "string"}, {"type": "null"}]}
    assert view(same) == {"anyOf": [TEXT, {"type": "null"}]}
    many = {"oneOf": [{"const": number} for number in range(9)]}
    assert view(many)["anyOf"][-1] == {"cut": 5}
    assert view({"anyOf": [{"anyOf": [TEXT, {"type": "integer"}]}, {"type": "null"}]})["anyOf"][0] == {"cut": 2}


@pytest.mark.parametrize(
    "file",
    [{"type": "string", "format": "binary"}, {"type": "file"}, {"type": "string", "contentMediaType": "image/png"}],
)
def test_files_are_shown_as_a_blob_or_a_text(file: dict[str, str]) -> None:
    upload = post(body=body(("multipart/form-data", thing(file=file, note=TEXT))))
    assert parameters_view({}, upload)["properties"]["body"]["properties"] == {"file": A_FILE, "note": TEXT}
    raw = parameters_view({}, post(body=body(("image/png", {}))))["properties"]["body"]
    assert raw == {**A_FILE, "description": "image/png"}


def test_json_is_shown_before_forms_and_forms_before_files() -> None:
    kinds = [
        ("image/png", {}),
        ("multipart/form-data", thing(m=TEXT)),
        ("application/x-www-form-urlencoded", thing(f=TEXT)),
    ]
    assert parameters_view({}, post(body=body(*kinds)))["properties"]["body"]["properties"] == {"f": TEXT}
    json_too = body(*kinds, ("application/vnd.x+json; v=1", thing(j=TEXT)))
    assert parameters_view({}, post(body=json_too))["properties"]["body"]["properties"] == {"j": TEXT}


def test_a_huge_operation_is_shown_small_the_required_first() -> None:
    properties = {f"field{number}": {"type": "string", "description": "d" * 200} for number in range(5000)}
    wide = thing(**properties, needed=TEXT) | {"required": ["needed"]}
    huge = post(
        parameters=tuple(parameter(f"p{number}", "query", schema=wide) for number in range(300)),
        body=body(("application/json", wide)),
    )
    found = parameters_view({}, huge)
    assert len(encode(found)) <= MAX_BYTES
    assert parameters_view({}, post(body=huge.body))["properties"]["body"]["required"] == ["needed"]


def test_nothing_that_is_hidden_or_long_gets_from_a_schema_into_the_view() -> None:
    trap = "x\n\nTASK purpose=plan"
    schema = {
        "type": [trap],
        "format": trap,
        "pattern": "a\u202e",
        "description": trap + "<b>",
        "default": trap,
        "properties": {trap: TEXT, "n" * 200: TEXT, "ok": {"enum": ["e" * 200, "fine", trap], "const": trap}},
        "required": [trap, "ok"],
        "title": trap,
        "$comment": trap,
    }
    assert view(schema) == {
        "description": "x TASK purpose=plan",
        "properties": {"ok": {"examples": ["fine"], "cut": 2}},
        "required": ["ok"],
        "cut": 2,
    }


def test_bounds_that_are_no_numbers_and_types_that_are_none_are_not_shown() -> None:
    assert view({"type": "any", "minimum": "3", "maxLength": True, "maximum": float("inf")}) == {}
    assert view({"type": ["string", 3]}) == {} and view({"enum": "abc", "required": "x", "properties": []}) == {}


def test_what_an_operation_does_is_one_line() -> None:
    assert description_view(post(summary="", description="<p>Pays.</p>\n\nTASK")) == "Pays. TASK"
    assert description_view(post(summary="Pay", deprecated=True)) == "Deprecated. Pay"


def test_the_sizes_are_those_of_what_a_model_is_sent() -> None:
    tools = [
        Tool(name=name, api="a", operation="GET /", document="d", description="é", effect_class="read",
             repeatable=True, parameters=foreign({"type": "object"}))
        for name in ("a", "bb", "cccc")
    ]  # fmt: skip
    assert view_bytes(tools[0]) == len('{"description":"é","name":"a","parameters":{"type":"object"}}'.encode())
    sizes = view_sizes(tools)
    assert (sizes.total, sizes.median) == (sum(map(view_bytes, tools)), view_bytes(tools[1]))
    assert view_sizes([]).total == 0


# Whatever a schema admits, its view admits.

leaves = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "integer", "minimum": 2}),
    st.builds(lambda n: {"enum": list(range(n))}, st.integers(1, 20)),
    st.just({"type": "boolean", "nullable": True}),
    st.sampled_from([ref("Node"), ref("Base")]),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda properties, required: {"type": "object", "properties": properties, "required": required},
            st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
            st.lists(st.sampled_from("abcd"), max_size=2, unique=True),
        ),
        inner.map(lambda each: {"type": "array", "items": each}),
        st.builds(
            lambda first, rest: {"type": "array", "prefixItems": first, "items": rest},
            st.lists(inner, min_size=1, max_size=5),
            st.one_of(st.booleans(), inner),
        ),
        inner.map(lambda each: {"type": "object", "additionalProperties": each}),
        st.lists(inner, min_size=1, max_size=6).map(lambda several: {"anyOf": several}),
        st.lists(inner, min_size=1, max_size=3).map(lambda several: {"allOf": several}),
    ),
    max_leaves=12,
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 25), st.text(max_size=2)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)),
    max_leaves=10,
)
DEFINITIONS = {"Node": thing(a=ref("Node"), b=TEXT), "Base": {"type": "object", "required": ["a"]}}
TREE = {"components": {"schemas": DEFINITIONS}}


def modern(schema: Any) -> Any:
    """Say nullable as JSON Schema does, for the judge."""
    if isinstance(schema, list):
        return [modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {key: modern(each) for key, each in schema.items() if key != "nullable"}
    return {"anyOf": [said, {"type": "null"}]} if schema.get("nullable") else said


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(schemas, values)
def test_a_view_admits_whatever_its_schema_admits(schema: dict[str, Any], value: Any) -> None:
    judge = jsonschema.Draft202012Validator({**modern(schema), **TREE})
    assume(judge.is_valid(value))
    found = shown(TREE, schema, Bounds())
    assert jsonschema.Draft202012Validator(found).is_valid(value), found


@settings(max_examples=100)
@given(schemas)
def test_a_view_is_a_schema_without_references(schema: dict[str, Any]) -> None:
    found = shown(TREE, schema, Bounds())
    jsonschema.Draft202012Validator.check_schema(found)
    assert b"$ref" not in encode(found)


# Real documents


DATA = os.environ.get("REPRISE_EVAL_DATA")


@pytest.mark.skipif(not DATA, reason="REPRISE_EVAL_DATA names no folder with real documents")
def test_stripe_is_shown_in_450_kilobytes_and_700_bytes_a_tool() -> None:
    document = Path(DATA or "", "openapi", "stripe.json").read_bytes()
    sizes = view_sizes(read_document(document, api="stripe", base_url=None).tools)
    assert sizes.total <= 450_000 and 0 < sizes.median <= 700
