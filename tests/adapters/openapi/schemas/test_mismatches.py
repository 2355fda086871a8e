"""An answer is held against what the document says of its status and its media type."""

from typing import Any

import pytest

from adapters.openapi.model import Answer, Content, Operation
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators

TREE = {
    "openapi": "3.1.0",
    "defs": {"Order": {"type": "object", "required": ["id", "pin"], "properties": {"pin": {"writeOnly": True}}}},
}


def said(status: str, schema: Any = None, media_type: str = "application/json") -> Answer:
    contents = () if schema is None else (Content(media_type=media_type, schema=schema),)
    return Answer(status=status, contents=contents)


def mismatches(
    *answers: Answer, status: int = 200, kind: str = "application/json", body: bytes = b"{}", method: str = "GET"
) -> tuple[str, ...]:
    held = Validators("d", TREE, CompiledSchemas())
    return held.mismatches(Operation(method=method, path="/a", answers=answers), status, kind, body)


def test_an_answer_that_fits_has_no_mismatch() -> None:
    order = said("200", {"$ref": "#/defs/Order"})
    assert mismatches(order, body=b'{"id": 1}') == ()
    assert mismatches(order, body=b'{"n": 1}') == ("/: 'id' is a required property",)


def test_a_status_is_looked_up_by_code_then_range_then_default() -> None:
    three = (said("default", {"const": 1}), said("2xx", {"const": 2}), said("200", {"const": 3}))
    for status, value in ((200, b"3"), (201, b"2"), (404, b"1")):
        assert mismatches(*three, status=status, body=value) == ()
        assert mismatches(*three, status=status, body=b"0") != ()
    assert mismatches(said("200", {"const": 3}), status=201, body=b"0") == ()


@pytest.mark.parametrize(
    ("described", "came", "judged"),
    [
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json", "application/vnd.shop+json", True),
        ("application/json; charset=utf-8", "APPLICATION/JSON", True),
        ("application/*", "application/json", True),
        ("*/*", "application/json", True),
        ("text/csv", "text/csv", False),
        ("*/*", "text/html", False),
    ],
)
def test_a_media_type_is_found_as_it_is_named_or_by_a_range(described: str, came: str, judged: bool) -> None:
    found = mismatches(said("200", {"const": 3}, described), kind=came, body=b"0")
    assert found == (("/: 3 was expected",) if judged else ())


def test_another_media_type_than_those_described_is_a_mismatch() -> None:
    assert mismatches(said("200", {}), kind="text/html", body=b"<p>") == (
        "/: expected application/json, not text/html",
    )
    assert mismatches(said("200", {}), kind="", body=b"x") == (
        "/: expected application/json, not an answer without a content type",
    )


def test_where_nothing_is_described_or_nothing_came_nothing_is_judged() -> None:
    assert mismatches(said("200"), body=b"0") == mismatches(body=b"0") == ()
    assert mismatches(said("200", False), body=b"") == mismatches(said("200", False), method="HEAD") == ()


def test_numbers_that_no_engine_holds_are_a_mismatch() -> None:
    (found,) = mismatches(said("200", {}), body=b'{"n": 1e999}')
    assert found.startswith("/: Expected a number that fits")


def test_mismatches_are_few() -> None:
    assert len(mismatches(said("200", {"items": {"type": "string"}}), body=b"[" + b"1," * 999 + b"1]")) == 10


def test_what_is_compiled_for_one_answer_is_used_again() -> None:
    cache = CompiledSchemas()
    held = Validators("d", TREE, cache)
    operation = Operation(method="GET", path="/a", answers=(said("200", {"const": 3}), said("201", {"const": 4})))
    for status in (200, 200, 201):
        held.mismatches(operation, status, "application/json", b"3")
    assert (cache.counts.hits, cache.counts.misses) == (1, 2)
