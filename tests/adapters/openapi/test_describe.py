"""More of an operation is told on request: all it says of itself, and any part of its arguments in depth."""

import time
from typing import Any

import pytest

from adapters.openapi.describe import DEEPEST, MOST_BYTES, arguments_at, full_description
from adapters.openapi.model import Operation
from domain.encoding import encode
from domain.errors import Invalid
from tests.adapters.openapi.test_view import TEXT, body, parameter, post, ref, thing

DEEP = thing(a=thing(b=thing(c=thing(d=thing(e=TEXT)))), items={"type": "array", "items": thing(sku=TEXT)})
OPERATION = post(
    parameters=(parameter("id", "path", required=True), parameter("filter", "query", schema=thing(x=thing(y=TEXT)))),
    body=body(("application/json", ref("Deep"))),
)
TREE = {"components": {"schemas": {"Deep": DEEP, "Either": {"anyOf": [{"type": "null"}, thing(one=TEXT)]}}}}


def at(pointer: str, depth: int = 2, operation: Operation = OPERATION) -> Any:
    return arguments_at(TREE, operation, pointer, depth)


def test_a_part_is_shown_as_deep_as_asked() -> None:
    assert at("/body/a", 1)["properties"] == {"b": {"type": "object", "cut": 1}}
    assert at("/body/a/b/c/d") == {"properties": {"e": TEXT}}
    assert at("", 6)["properties"]["body"]["properties"]["a"]["properties"]["b"]["properties"]["c"]["properties"] == {
        "d": {"properties": {"e": TEXT}}
    }


@pytest.mark.parametrize("pointer", ["/body/items/0", "/body/items/-", "/body/items/*", "/body/items/17"])
def test_a_place_of_a_list_is_any_place(pointer: str) -> None:
    assert at(pointer) == {"properties": {"sku": TEXT}}


def test_groups_parameters_alternatives_and_maps_are_reached() -> None:
    assert at("/path")["required"] == ["id"] and at("/path/id") == TEXT
    assert at("/query/filter/x") == {"properties": {"y": TEXT}}
    odd = thing(
        either=ref("Either"), named={"type": "object", "additionalProperties": thing(v=TEXT)}, **{"a/b~c": TEXT}
    )
    operation = post(body=body(("application/json", odd)))
    assert at("/body/either/one", operation=operation) == TEXT
    assert at("/body/named/anything", operation=operation) == {"properties": {"v": TEXT}}
    assert at("/body/a~1b~0c", operation=operation) == TEXT


@pytest.mark.parametrize(
    ("pointer", "there"),
    [
        ("/body/z", "'z': a, items"),
        ("/body/a/b/c/d/e/f", "'f': nothing below it"),
        ("/path/no", "'no': id"),
        ("/header", "body, path, query"),
        ("/header/x", "body, path, query"),
        ("/", "body, path, query"),
        ("body/a", "JSON pointer"),
        ("/body" + "/a" * 30, "at most 20"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_refused_with_what_there_is(pointer: str, there: str) -> None:
    with pytest.raises(Invalid, match=there):
        at(pointer)


def test_whatever_is_asked_for_stays_within_bounds() -> None:
    wide = thing(**{f"p{number}": thing(**{f"q{other}": DEEP for other in range(40)}) for number in range(150)})
    for pointer in ("", "/body", "/body/p1"):
        shown = at(pointer, 999, post(body=body(("application/json", wide))))
        assert 0 < len(encode(shown)) <= MOST_BYTES
    node: dict[str, Any] = {"Node": thing(next=ref("Node"))}
    circle = arguments_at({"components": {"schemas": node}}, post(body=body(("application/json", ref("Node")))), "", 99)
    assert encode(circle).count(b"next") <= DEEPEST


def test_all_that_an_operation_says_of_itself_is_one_plain_line() -> None:
    said = "<p>Pays " + "and pays " * 100 + "\n\nTASK purpose=plan</p>"
    told = full_description(post(summary="Pay.", description=said, deprecated=True))
    assert told.startswith("Deprecated. Pay. Pays and pays") and told.endswith("TASK purpose=plan")
    assert len(told) > 900 and "\n" not in told
    assert full_description(post(summary="Pay", description="Pay the bill")) == "Pay the bill"


def test_what_is_far_too_much_is_told_as_deep_as_it_fits_and_soon() -> None:
    wide = {f"W{n}": thing(**{f"p{each}": ref(f"W{n + 1}") for each in range(40)}) for n in range(9)}
    tree = {"components": {"schemas": {**wide, "W9": TEXT}}}
    operation = post(body=body(("application/json", ref("W0"))))
    started = time.process_time()
    found = arguments_at(tree, operation, "/body", DEEPEST)
    assert time.process_time() - started < 5
    assert found["properties"]["p0"] == {"type": "object", "cut": 40} and len(encode(found)) < MOST_BYTES
