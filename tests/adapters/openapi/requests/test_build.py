"""Arguments become exactly one request, and all of it is in its digest."""

from typing import Any

import pytest

from adapters.openapi.requests.built import Unbuildable
from domain.encoding import parse
from tests.adapters.openapi.requests.making import BASE, built, header, operation, parameter


@pytest.mark.parametrize(
    ("value", "segment"),
    [("x", "x"), ("a b/ü?#%", "a%20b%2F%C3%BC%3F%23%25"), (7, "7"), (True, "true"), ("..x", "..x"),
     ("@evil.example", "%40evil.example"), ("//evil.example", None), ("heads/main", "heads%2Fmain")],
)  # fmt: skip
def test_path_values_are_encoded(value: Any, segment: str | None) -> None:
    found = operation("/a/{id}/b", parameter("id", "path"))
    if segment is None:
        with pytest.raises(Unbuildable, match="no empty segments"):
            built(found, path={"id": value})
    else:
        assert built(found, path={"id": value}).url == f"{BASE}/a/{segment}/b"


def test_headers_and_cookies_are_sent_and_reserved_headers_are_not_parameters() -> None:
    found = operation(
        "/a", parameter("X-Note", "header"), parameter("sid", "cookie"), parameter("Authorization", "header")
    )
    request = built(found, header={"X-Note": "n", "Authorization": "x"}, cookie={"sid": "a;b"})
    assert request.headers == (
        ("accept", "application/json, */*;q=0.5"), ("X-Note", "n"), ("cookie", "sid=a%3Bb"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"200": ["application/xml", "application/json", "application/vnd.a+json"], "404": ["text/html"]},
         "application/json, application/vnd.a+json"),
        ({"200": ["application/json;stream=watch", "application/json"]}, "application/json"),
        ({"200": ["application/json;odata.metadata=none"]}, "application/json;odata.metadata=none"),
        ({"200": ["image/png", "application/pdf"]}, "image/png, application/pdf"),
        ({"2XX": ["text/csv"], "default": ["application/problem+json"]}, "text/csv"),
        ({"200": ["*/*"]}, "application/json, */*;q=0.5"),
        ({"204": []}, "application/json, */*;q=0.5"),
    ],
)  # fmt: skip
def test_what_is_asked_for_follows_from_the_answers(answers: dict[str, list[str]], asked: str) -> None:
    responses: dict[str, Any] = {status: {"content": {each: {} for each in kinds}} for status, kinds in answers.items()}
    assert header(built(operation("/a", responses=responses)), "accept") == asked


def test_absent_and_null_are_two() -> None:
    found = operation("/a", parameter("q", "query"), method="post", requestBody={"content": {"application/json": {}}})
    assert built(found).url == f"{BASE}/a" and built(found).body == b""
    assert built(found, query={"q": None}).url == f"{BASE}/a?q="
    assert built(found, body=None).body == b"null"
    assert built(found, body={"a": None}).body == b'{"a":null}'


def test_a_body_keeps_every_digit_and_has_one_form() -> None:
    found = operation("/a", method="post", requestBody={"content": {"application/vnd.x+json": {"schema": {}}}})
    first = built(found, **parse(b'{"body": {"b": 1.10, "a": 12345678901234567890123}}'))
    second = built(found, **parse(b'{"body":{"a":12345678901234567890123,"b":1.10}}'))
    assert first == second and first.body == b'{"a":12345678901234567890123,"b":1.10}'
    assert header(first, "content-type") == "application/vnd.x+json"


def test_every_part_of_a_request_is_in_its_digest() -> None:
    found = operation(
        "/a", parameter("q", "query"), parameter("X-Note", "header"), parameter("c", "cookie"),
        method="post", requestBody={"content": {"multipart/form-data": {"schema": {}}}},
    )  # fmt: skip
    requests = [
        built(found, query={"q": 1}),
        built(found, query={"q": 2}),
        built(found, query={"q": 1}, header={"X-Note": "n"}),
        built(found, query={"q": 1}, cookie={"c": "n"}),
        built(found, query={"q": 1}, body={"f": "a"}),
        built(found, query={"q": 1}, body={"f": "b"}),
        built(found, query={"q": 1}, base="http://127.0.0.1:2/v1"),
    ]
    digests = {each.digest(document="d", operation="GET /a") for each in requests}
    digests |= {
        requests[0].digest(document="e", operation="GET /a"),
        requests[0].digest(document="d", operation="P /a"),
    }
    assert len(digests) == 9
