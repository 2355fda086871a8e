"""Arguments that do not fit are refused in words that say where."""

from typing import Any

import pytest

from adapters.openapi.reading.operations import read_operation
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators
from ops.sample.shop import document

SHOP = document("http://127.0.0.1:1", keys=True)


def problems(
    arguments: Any, method: str = "POST", path: str = "/orders", tree: dict[str, Any] = SHOP
) -> tuple[str, ...]:
    return Validators("d", tree, CompiledSchemas()).problems(read_operation(tree, "POST", path), arguments)


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


def test_a_cyclic_schema_is_checked_to_the_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}, "n": {"type": "integer"}}}
    deep = {"next": {"next": {"next": {"n": "x"}}}}
    assert body_problems({"$ref": "#/components/schemas/Node"}, deep, Node=node) == (
        "/body/next/next/next/n: 'x' is not of type 'integer'",
    )


def test_a_broken_reference_is_a_problem() -> None:
    assert "cannot be used" in body_problems({"$ref": "#/components/schemas/None"}, 1)[0]


def sent_as(media_type: str, value: Any) -> tuple[str, ...]:
    upload = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    body = {"requestBody": {"required": True, "content": {media_type: {"schema": upload}}}}
    return problems({"body": value}, path="/a", tree={"openapi": "3.0.3", "paths": {"/a": {"post": body}}})


def test_forms_are_objects_whose_bytes_may_be_files() -> None:
    for form in ("multipart/form-data", "application/x-www-form-urlencoded"):
        for file in ({"blob": "0" * 64}, {"text": "a"}, "a"):
            assert sent_as(form, {"file": file}) == ()
        assert sent_as(form, {}) == ("/body: 'file' is a required property",)
        assert sent_as(form, {"file": {"blob": "x"}}) != () and sent_as(form, "file=a") != ()
    assert sent_as("application/json", {"file": {"text": "a"}}) != ()


def test_a_body_of_bytes_is_one_file() -> None:
    for kind in ("application/octet-stream", "text/plain", "image/png"):
        assert sent_as(kind, {"blob": "0" * 64}) == sent_as(kind, {"text": "a"}) == ()
        assert sent_as(kind, {"file": "a"}) != () and sent_as(kind, "a") != ()


@pytest.mark.parametrize("referred", [False, True])
def test_a_body_of_text_is_held_against_what_texts_may_be(referred: bool) -> None:
    code = {"type": "string", "maxLength": 5, "pattern": "^[a-z]+$"}
    schema = {"$ref": "#/components/schemas/Code"} if referred else code
    body = {"requestBody": {"content": {"text/plain": {"schema": schema}}}}
    tree = {"openapi": "3.0.3", "paths": {"/a": {"post": body}}, "components": {"schemas": {"Code": code}}}
    assert problems({"body": {"text": "abc"}}, path="/a", tree=tree) == ()
    assert problems({"body": {"blob": "0" * 64}}, path="/a", tree=tree) == ()
    assert problems({"body": {"text": "abcdef"}}, path="/a", tree=tree) == ("/body/text: 'abcdef' is too long",)
    assert "does not match" in problems({"body": {"text": "7"}}, path="/a", tree=tree)[0]


@pytest.mark.parametrize(
    ("media_type", "schema"),
    [
        ("application/xml", {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}),
        ("text/csv", {"type": "string", "format": "binary", "maxLength": 1}),
        ("application/octet-stream", {"type": "string", "maxLength": 1}),
        ("text/plain", {"$ref": "#/components/schemas/None"}),
    ],
)
def test_what_describes_no_text_says_nothing_of_one(media_type: str, schema: Any) -> None:
    body = {"requestBody": {"content": {media_type: {"schema": schema}}}}
    tree = {"openapi": "3.0.3", "paths": {"/a": {"post": body}}, "components": {}}
    assert problems({"body": {"text": "<a>b</a>"}}, path="/a", tree=tree) == ()
