"""Bodies are written in each kind of media type; a file comes from the store or from a text."""

import re
from typing import Any

import pytest

from adapters.openapi.requests.attached import named_blobs
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built, Unbuildable
from domain.encoding import digest_bytes
from tests.adapters.openapi.requests.making import BASE, built, header, operation, with_body

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
BLOB = digest_bytes(PNG)
FILES = {BLOB: PNG}
FILE = {"type": "string", "format": "binary"}


def form(value: Any, schema: Any = None, encoding: Any = None) -> str:
    return with_body(FORM, value, schema, encoding).body.decode()


def parts(value: Any, schema: Any = None, encoding: Any = None, files: Any = None) -> list[str]:
    """Return the parts of a multipart body as text, without their boundaries."""
    request = with_body(MULTIPART, value, schema, encoding, files=files)
    boundary = header(request, "content-type").removeprefix("multipart/form-data; boundary=")
    assert re.fullmatch(r"[0-9a-f]{32}", boundary)
    *found, last = request.body.decode("latin-1").split(f"--{boundary}")
    assert last == "--\r\n" and found[0] == ""
    return [each.removeprefix("\r\n").removesuffix("\r\n").replace("\r\n", "|") for each in found[1:]]


@pytest.mark.parametrize(
    ("value", "encoding", "expected"),
    [
        ({"b": "x y&z=", "a": 1.5, "c": None, "d": True}, {}, "a=1.5&b=x%20y%26z%3D&c=&d=true"),
        ({"a": ["x", "y"]}, {}, "a=x&a=y"),
        ({"a": []}, {}, ""),
        ({"a": {"b": [1]}}, {}, "a=%7B%22b%22%3A%5B1%5D%7D"),
        ({"a": [{"b": 1}, {"b": 2}]}, {}, "a=%7B%22b%22%3A1%7D&a=%7B%22b%22%3A2%7D"),
        ({"a": {"b": {"c": [1, 2]}}}, {"a": {"style": "deepObject", "explode": True}}, "a%5Bb%5D%5Bc%5D%5B0%5D=1"
                                                                                        "&a%5Bb%5D%5Bc%5D%5B1%5D=2"),
        ({"a": ["x", "y"]}, {"a": {"explode": False}}, "a=x,y"),
        ({"a": ["x", "y"]}, {"a": {"style": "pipeDelimited"}}, "a=x%7Cy"),
        ({"a": {"x": 1}}, {"a": {"style": "form"}}, "x=1"),
        ({"a": "b/c"}, {"a": {"allowReserved": True}}, "a=b/c"),
        ({"a": "x"}, {"a": {"contentType": "application/json"}}, "a=%22x%22"),
        ({"ü[]": 1}, {}, "%C3%BC%5B%5D=1"),
    ],
)  # fmt: skip
def test_forms(value: Any, encoding: Any, expected: str) -> None:
    assert form(value, encoding=encoding) == expected


@pytest.mark.parametrize(
    ("value", "encoding", "expected"),
    [
        ({"b": "x\r\ny", "a": 1}, {}, ['Content-Disposition: form-data; name="a"||1',
                                       'Content-Disposition: form-data; name="b"||x|y']),
        ({"a": {"b": 1}}, {}, ['Content-Disposition: form-data; name="a"|Content-Type: application/json||{"b":1}']),
        ({"a": ["x", "y"]}, {}, ['Content-Disposition: form-data; name="a"||x',
                                 'Content-Disposition: form-data; name="a"||y']),
        ({"a": "x"}, {"a": {"contentType": "text/csv"}},
         ['Content-Disposition: form-data; name="a"|Content-Type: text/csv; charset=utf-8||x']),
        ({"a": {"b": [1]}}, {"a": {"style": "deepObject"}}, ['Content-Disposition: form-data; name="a[b][0]"||1']),
        ({'a"b': 1}, {}, ['Content-Disposition: form-data; name="a%22b"||1']),
    ],
)  # fmt: skip
def test_multipart(value: Any, encoding: Any, expected: list[str]) -> None:
    assert parts(value, encoding=encoding) == expected


@pytest.mark.parametrize(
    ("value", "content_type", "expected"),
    [
        ({"blob": BLOB}, "", 'name="f"; filename="f"|Content-Type: application/octet-stream'),
        (
            {"blob": BLOB, "name": "a.png", "type": "image/png"},
            "",
            'name="f"; filename="a.png"|Content-Type: image/png',
        ),
        ({"blob": BLOB, "name": "é.png"}, "image/png, image/jpeg", None),
        ({"blob": BLOB, "type": "image/gif"}, "image/*", 'name="f"; filename="f"|Content-Type: image/gif'),
    ],
)
def test_a_stored_file_is_a_part(value: Any, content_type: str, expected: str | None) -> None:
    schema = {"properties": {"f": FILE}}
    (found,) = parts({"f": value}, schema, {"f": {"contentType": content_type}} if content_type else {}, FILES)
    head, _, data = found.partition("||")
    assert data.encode("latin-1") == PNG.replace(b"\r\n", b"|")
    if expected:
        assert head == f"Content-Disposition: form-data; {expected}"
    else:
        assert 'filename="Ã©.png"|Content-Type: image/png' in head


def test_several_files_and_a_text_are_parts_each() -> None:
    schema = {"allOf": [{"properties": {"f": {"type": "array", "items": FILE}}}]}
    found = parts({"f": [{"blob": BLOB}, {"text": "hello", "name": "a.txt"}]}, schema, files=FILES)
    assert len(found) == 2
    assert found[1] == ('Content-Disposition: form-data; name="f"; filename="a.txt"|'
                        "Content-Type: text/plain; charset=utf-8||hello")  # fmt: skip


@pytest.mark.parametrize("schema", [FILE, {"type": "array", "items": FILE}])
def test_a_text_where_only_a_file_may_be_is_one(schema: Any) -> None:
    (found,) = parts({"f": "hello"}, {"properties": {"f": schema}})
    assert (
        found == 'Content-Disposition: form-data; name="f"; filename="f"|Content-Type: text/plain; charset=utf-8||hello'
    )
    (either,) = parts({"f": "hello"}, {"properties": {"f": {"anyOf": [FILE, {"type": "string"}]}}})
    assert either == 'Content-Disposition: form-data; name="f"||hello'


def test_a_file_beside_texts_is_a_file_all_the_same() -> None:
    either = {"type": "array", "items": {"anyOf": [{"type": "string"}, FILE]}}
    text, file = parts({"f": ["a", {"blob": BLOB}]}, {"properties": {"f": either}}, files=FILES)
    assert text == 'Content-Disposition: form-data; name="f"||a'
    assert file.startswith('Content-Disposition: form-data; name="f"; filename="f"|Content-Type: application/octet')
    form = {"schema": {"properties": {"f": either}}, "files": FILES}
    assert with_body(FORM, {"f": ["a", {"text": "b c"}]}, **form).body == b"f=a&f=b%20c"


def test_an_object_that_only_looks_like_a_file_is_an_object() -> None:
    (found,) = parts({"note": {"text": "hello"}}, {"properties": {"note": {"type": "object"}}})
    assert found.endswith('|Content-Type: application/json||{"text":"hello"}')


def test_the_boundary_is_never_in_the_content() -> None:
    first = with_body(MULTIPART, {"a": "x"})
    inner = header(first, "content-type").rpartition("=")[2]
    assert first == with_body(MULTIPART, {"a": "x"})
    assert header(with_body(MULTIPART, {"a": inner}), "content-type") != header(first, "content-type")


@pytest.mark.parametrize(
    ("media_type", "value", "sent_as", "body"),
    [
        ("text/plain", {"text": "é"}, "text/plain; charset=utf-8", "é".encode()),
        ("text/*", {"text": "a", "type": "text/csv"}, "text/csv", b"a"),
        ("application/xml", {"text": "<a/>"}, "application/xml", b"<a/>"),
        ("application/octet-stream", {"blob": BLOB}, "application/octet-stream", PNG),
        ("image/*", {"blob": BLOB, "type": "image/png"}, "image/png", PNG),
        ("image/png", {"blob": BLOB}, "image/png", PNG),
        ("*/*", {"blob": BLOB}, "application/json", f'{{"blob":"{BLOB}"}}'.encode()),
        ("application/merge-patch+json", {"a": None}, "application/merge-patch+json", b'{"a":null}'),
        ("application/json; charset=utf-8", [], "application/json; charset=utf-8", b"[]"),
    ],
)
def test_other_bodies(media_type: str, value: Any, sent_as: str, body: bytes) -> None:
    request = with_body(media_type, value, files=FILES)
    assert (header(request, "content-type"), request.body) == (sent_as, body)


@pytest.mark.parametrize(
    ("declared", "data", "sent_as"),
    [
        ("text/csv", "é".encode(), "text/csv; charset=utf-8"),
        ("text/csv", "é".encode("latin-1"), "text/csv"),
        ("text/csv; charset=latin1", "é".encode("latin-1"), "text/csv; charset=latin1"),
    ],
)
def test_no_file_in_another_encoding_is_said_to_be_in_utf8(declared: str, data: bytes, sent_as: str) -> None:
    digest = digest_bytes(data)
    found = with_body(declared, {"blob": digest}, files={digest: data})
    assert (header(found, "content-type"), found.body) == (sent_as, data)


def test_a_form_may_hold_a_file_too() -> None:
    request = with_body(FORM, {"f": {"blob": BLOB}}, {"properties": {"f": FILE}}, files=FILES)
    assert request.body == b"f=%89PNG%0D%0A%1A%0A%00%FF"


@pytest.mark.parametrize(
    ("media_type", "value", "reason"),
    [
        (MULTIPART, {"f": {"blob": "0" * 64}}, "/body/f/blob: there is no stored file '0000"),
        (MULTIPART, {"f": {"blob": BLOB, "name": "../x"}}, "/body/f/name: expected a file's name without a path"),
        (MULTIPART, {"f": {"blob": BLOB, "name": "a\r\nb"}}, "/body/f/name: expected"),
        (MULTIPART, {"f": {"blob": BLOB, "name": ".."}}, "/body/f/name: expected"),
        (MULTIPART, {"f": {"blob": BLOB, "type": "a/b\r\nx: y"}}, "/body/f/type: expected a media type"),
        (MULTIPART, {"a\r\nb": 1}, "without control characters"),
        (MULTIPART, [1], "/body: expected an object"),
        (FORM, "x", "/body: expected an object"),
        (FORM, {"a": "\ud800"}, "half of a character"),
        ("image/png", {"blob": BLOB, "type": "text/html"}, "/body/type: expected a media type of image/png"),
        ("image/png", {"a": 1}, "/body: expected a file"),
        ("text/plain", {"text": "\ud800"}, "/body/text: expected text"),
        ("text/plain", 7, "/body: expected a file"),
    ],
)
def test_what_a_body_cannot_be_is_refused(media_type: str, value: Any, reason: str) -> None:
    with pytest.raises(Unbuildable, match=re.escape(reason) if "\r" not in reason else reason):
        with_body(media_type, value, {"properties": {"f": FILE}}, files=FILES)


def test_no_value_is_sent_as_json_where_xml_is_declared() -> None:
    with pytest.raises(Unbuildable, match="/body/a: expected a text, for the document says that it is application/xml"):
        with_body(MULTIPART, {"a": {"b": 1}}, None, {"a": {"contentType": "application/xml"}})
    assert b"<b/>" in with_body(MULTIPART, {"a": "<b/>"}, None, {"a": {"contentType": "application/xml"}}).body


def test_only_files_are_fetched() -> None:
    schema = {"properties": {"f": {"$ref": "#/components/File"}, "g": {"type": "object"}}}
    tree = {"components": {"File": FILE}}
    found = operation("/a", method="post", requestBody={"content": {MULTIPART: {"schema": schema}}})
    body = {"f": {"blob": BLOB}, "g": {"blob": "1" * 64}}
    assert named_blobs(found, tree, {"body": body}) == {BLOB}
    assert named_blobs(found, tree, {}) == set()
    json = operation("/a", method="post", requestBody={"content": {"application/json": {}, MULTIPART: {}}})
    assert named_blobs(json, tree, {"body": body}) == set()


def test_json_is_chosen_before_a_form() -> None:
    found = operation("/a", method="post", requestBody={"content": {MULTIPART: {}, "application/json": {}}})
    request: Built = built(found, body={"a": 1})
    assert (header(request, "content-type"), request.body) == ("application/json", b'{"a":1}')


def test_alternatives_of_alternatives_hold_nothing_up() -> None:
    chain = {f"A{n}": {"anyOf": [{"$ref": f"#/A{n + 1}"}] * 12} for n in range(30)}
    tree = {**chain, "A30": {"type": "object", "properties": {"f": FILE}}}
    content = {MULTIPART: {"schema": {"anyOf": [{"$ref": "#/A0"}, {"properties": {"g": {"$ref": "#/A0"}}}]}}}
    upload = operation("/a", method="post", requestBody={"content": content})
    assert named_blobs(upload, tree, {"body": {"f": {"blob": BLOB}, "g": {"blob": BLOB}}}) == {BLOB}
    assert b'filename="f"' in build(upload, tree, BASE, {"body": {"f": {"text": "a"}, "g": "b"}}).body
