"""Arguments that do not fit are refused in words that say where."""

import time
from typing import Any

import pytest

from adapters.openapi.reading.operations import read_operation
from adapters.openapi.validate import ArgumentsValidator
from ops.sample.shop import document

SHOP = document("http://127.0.0.1:1", keys=True)


def problems(
    arguments: Any, method: str = "POST", path: str = "/orders", tree: dict[str, Any] = SHOP
) -> tuple[str, ...]:
    return ArgumentsValidator(tree, read_operation(tree, "POST", path)).problems(arguments)


def body_problems(schema: dict[str, Any], value: Any, **components: Any) -> tuple[str, ...]:
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    tree = {"openapi": "3.0.3", "paths": {"/a": {"post": body}}, "components": {"schemas": components}}
    return problems({"body": value}, path="/a", tree=tree)


GOOD = {"body": {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}}


def test_arguments_that_fit_have_no_problems() -> None:
    assert problems(GOOD) == ()
    assert problems({**GOOD, "path": {}, "query": {}}) == ()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (None, "/: None is not of type 'object'"),
        ({}, "/: 'body' is a required property"),
        ({**GOOD, "bdy": {}}, "/: Additional properties are not allowed ('bdy' was unexpected)"),
        ({**GOOD, "query": {"x": 1}}, "/query: Additional properties are not allowed ('x' was unexpected)"),
        ({"body": {"customerId": "7", "items": []}}, "/body/customerId: '7' is not of type 'integer'"),
        (
            {"body": {"customerId": 7, "items": [{"productId": "a", "quantity": 0}]}},
            "/body/items/0/quantity: 0 is less than the minimum of 1",
        ),
        ({**GOOD, "header": {"Idempotency-Key": "mine"}}, "/header: Additional properties are not allowed"),
    ],
)
def test_a_problem_names_its_place(arguments: Any, expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems(arguments)), problems(arguments)


def test_nullable_admits_null_beside_anything() -> None:
    name = {"type": "string", "enum": ["a"], "nullable": True}
    wrapped = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Name"}]}
    assert body_problems({"$ref": "#/components/schemas/Name"}, None, Name=name) == ()
    assert body_problems(wrapped, None, Name={"type": "string"}) == ()
    assert body_problems({"type": "string"}, None) != ()
    assert body_problems(name, "b") != ()


def test_boolean_bounds_of_openapi_3_0_hold() -> None:
    schema = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    assert body_problems(schema, 0) != () and body_problems(schema, 0.5) == ()


def test_read_only_properties_are_not_demanded() -> None:
    schema = {"type": "object", "required": ["id", "n"], "properties": {"id": {"readOnly": True}}}
    assert body_problems(schema, {"n": 1}) == ()
    assert body_problems(schema, {}) == ("/body: 'n' is a required property",)


def test_a_cyclic_schema_is_checked_to_the_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "n": {"type": "integer"}}}
    deep = {"next": {"next": {"next": {"n": "x"}}}}
    assert body_problems({"$ref": "#/components/schemas/Node"}, deep, Node=node) == (
        "/body/next/next/next/n: 'x' is not of type 'integer'",
    )


def test_malformed_keywords_say_nothing_and_a_broken_reference_is_a_problem() -> None:
    assert body_problems({"type": "integer", "minimum": "5"}, 1) == ()
    assert body_problems({"type": "string", "pattern": "[[:alpha:]"}, "x") == ()
    assert "cannot be used" in body_problems({"$ref": "#/components/schemas/None"}, 1)[0]
    assert "cannot be used" in body_problems({"type": "strng"}, 1)[0]


def test_numbers_that_no_arithmetic_can_divide_say_nothing() -> None:
    assert body_problems({"type": "number", "multipleOf": 0}, 1) == ()
    assert "not a multiple" in body_problems({"type": "number", "multipleOf": 1e-300}, 1e308)[0]


def test_names_are_matched_by_patterns_as_far_as_that_is_tried() -> None:
    schema = {"patternProperties": {"^n_": {"type": "integer"}, "^(a+)+$": {"type": "integer"}}}
    assert body_problems(schema, {"n_a": "x"}) == ("/body/n_a: 'x' is not of type 'integer'",)
    assert body_problems(schema, {"n_a": 1, "a": "x"}) == ()


HUNGRY = "^(a+)+$"
ENDLESS: list[dict[str, Any]] = [
    {"pattern": HUNGRY},
    {"patternProperties": {HUNGRY: {}}},
    {"patternProperties": {HUNGRY: {}}, "additionalProperties": False},
    {"patternProperties": {HUNGRY: {}}, "unevaluatedProperties": False},
    {"propertyNames": {"pattern": HUNGRY}},
]


@pytest.mark.parametrize("schema", ENDLESS)
def test_no_expression_of_a_document_holds_up_the_process(schema: dict[str, Any]) -> None:
    text = "a" * 64 + "!"
    started = time.monotonic()
    assert body_problems(schema, text if "pattern" in schema else {text: 1}) == ()
    assert time.monotonic() - started < 2


def test_problems_are_few_and_short() -> None:
    found = body_problems({"type": "array", "items": {"type": "string"}}, [{"k": "v" * 5000}] * 50)
    assert len(found) == 10 and all(len(problem) < 400 for problem in found)
