"""Arguments become exactly one request; what would lead elsewhere becomes none."""

from typing import Any

import pytest

from adapters.openapi.model import Operation
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.request import Built, Unbuildable, build
from domain.encoding import parse

BASE = "http://127.0.0.1:1/v1"


def operation(path: str, *parameters: dict[str, Any], method: str = "get", **more: Any) -> Operation:
    tree = {"openapi": "3.1.0", "paths": {path: {method: {"parameters": list(parameters), **more}}}}
    return read_operation(tree, method.upper(), path)


def parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": {}, **more}


def path_request(value: Any) -> Built:
    return build(operation("/a/{id}/b", parameter("id", "path")), BASE, {"path": {"id": value}})


def query(style: dict[str, Any], value: Any) -> str:
    built = build(operation("/a", parameter("q", "query", **style)), BASE, {"query": {"q": value}})
    return built.url.removeprefix(f"{BASE}/a")


@pytest.mark.parametrize(
    ("value", "segment"),
    [("x", "x"), ("a b/ü?#%", "a%20b%2F%C3%BC%3F%23%25"), (7, "7"), (True, "true"), (["a", "b,c"], "a%2Cb%2Cc"),
     ("..x", "..x"), ("@evil.example", "%40evil.example")],
)  # fmt: skip
def test_path_values_are_encoded(value: Any, segment: str) -> None:
    assert path_request(value).url == f"{BASE}/a/{segment}/b"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../x",
        "x/../../y",
        "..\\x",
        "%2e%2e",
        "%252e%252e%252fx",
        "a%2f..%2fb",
        "x\r\ny",
        "x\x00",
        None,
        [],
    ],
)
def test_path_values_that_would_lead_elsewhere_are_refused(value: Any) -> None:
    with pytest.raises(Unbuildable, match="/path/id: expected"):
        path_request(value)


@pytest.mark.parametrize(
    ("style", "value", "expected"),
    [
        ({}, "a&b=c d+é", "?q=a%26b%3Dc%20d%2B%C3%A9"),
        ({}, "", "?q="),
        ({}, False, "?q=false"),
        ({}, ["a", "b"], "?q=a&q=b"),
        ({}, [], ""),
        ({"explode": False}, ["a", "b"], "?q=a%2Cb"),
        ({"style": "spaceDelimited", "explode": False}, ["a", "b"], "?q=a%20b"),
        ({"style": "pipeDelimited", "explode": False}, ["a", "b"], "?q=a%7Cb"),
        ({}, {"x": 1, "y": 2}, "?x=1&y=2"),
        ({"explode": False}, {"x": 1}, "?q=x%2C1"),
        ({"style": "deepObject"}, {"gte": 1, "lt": 5}, "?q%5Bgte%5D=1&q%5Blt%5D=5"),
        ({"content": {"application/json": {"schema": {}}}}, {"x": [1]}, "?q=%7B%22x%22%3A%5B1%5D%7D"),
    ],
)
def test_query_values_follow_their_style(style: dict[str, Any], value: Any, expected: str) -> None:
    assert query(style, value) == expected


def test_a_value_nested_too_deep_for_its_style_is_refused() -> None:
    with pytest.raises(Unbuildable, match="/query/q: expected no values nested"):
        query({}, {"x": {"y": 1}})


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "ü", "\x00"])
def test_header_values_stay_in_their_line(value: str) -> None:
    with pytest.raises(Unbuildable, match="/header/X-Note"):
        build(operation("/a", parameter("X-Note", "header")), BASE, {"header": {"X-Note": value}})


def test_headers_and_cookies_are_sent_and_reserved_headers_are_not_parameters() -> None:
    found = operation(
        "/a", parameter("X-Note", "header"), parameter("sid", "cookie"), parameter("Authorization", "header")
    )
    built = build(found, BASE, {"header": {"X-Note": "n", "Authorization": "x"}, "cookie": {"sid": "a;b"}})
    assert built.headers == (("accept", "application/json"), ("X-Note", "n"), ("cookie", "sid=a%3Bb"))


def test_a_body_keeps_every_digit_and_has_one_form() -> None:
    found = operation("/a", method="post", requestBody={"content": {"application/vnd.x+json": {"schema": {}}}})
    first = build(found, BASE, parse(b'{"body": {"b": 1.10, "a": 12345678901234567890123}}'))
    second = build(found, BASE, parse(b'{"body":{"a":12345678901234567890123,"b":1.10}}'))
    assert first == second and first.body == b'{"a":12345678901234567890123,"b":1.10}'
    assert ("content-type", "application/vnd.x+json") in first.headers


def test_every_part_of_a_request_is_in_its_digest() -> None:
    found = operation("/a", parameter("q", "query"), parameter("X-Note", "header"))
    built = build(found, BASE, {"query": {"q": 1}})
    others = [
        build(found, BASE, {"query": {"q": 2}}),
        build(found, BASE, {"query": {"q": 1}, "header": {"X-Note": "n"}}),
        build(found, "http://127.0.0.1:2/v1", {"query": {"q": 1}}),
    ]
    digests = {each.digest(document="d", operation="GET /a") for each in (built, *others)}
    digests |= {built.digest(document="e", operation="GET /a"), built.digest(document="d", operation="GET /b")}
    assert len(digests) == 6
