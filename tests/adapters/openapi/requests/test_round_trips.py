"""What is sent is what others read: Litestar over a real socket, werkzeug and multipart on the bytes."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import multipart  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import parse_form_data

from adapters.openapi.requests.built import Built
from domain.encoding import digest_bytes, parse
from tests.adapters.openapi.requests.echo import Echo, echoing
from tests.adapters.openapi.requests.making import built, header, operation, parameter, with_body

CHECKED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SINGLE = TEXT | st.integers() | st.booleans() | st.none() | st.sampled_from(parse(b"[1.10, 1e400, 0.1, -0.0]"))
# Names that HTML's and Python's own readers take as they are.
NAME = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="[]\\"),
               min_size=1, max_size=8)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Echo]:
    with echoing() as found:
        yield found


def said(value: Any) -> str:
    """Say a single value as a request does."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield each single value of a nested one under its name in brackets, as PHP, Rack and qs read them."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(f"{name}[{key}]", each)
    else:
        yield name, said(value)


@CHECKED
@given(st.lists(SINGLE, min_size=1, max_size=4), st.dictionaries(NAME, SINGLE, max_size=3), SINGLE)
def test_a_query_is_read_as_it_was_meant(server: Echo, items: list[Any], members: dict[str, Any], one: Any) -> None:
    found = operation(
        "/a", parameter("m", "query"), parameter("list[]", "query"), parameter("d", "query", style="deepObject"),
        parameter("one", "query", allowReserved=True), parameter("c", "query", style="form", explode=False),
    )  # fmt: skip
    members = {f"x{key}": value for key, value in members.items()}
    arguments = {"m": members, "list[]": items, "d": {"k": items, "o": members}, "one": one, "c": items}
    request = built(found, base=server.url, query=arguments)
    seen = server.sees(request)
    assert server.origin + seen.target == request.url
    expected = [(key, said(value)) for key, value in members.items()]
    expected += [("list[]", said(each)) for each in items] + list(leaves("d", arguments["d"])) + [("one", said(one))]
    assert sorted(pair for pair in seen.query if pair[0] != "c") == sorted(expected)
    joined = seen.target.rpartition("&c=")[2]
    assert [unquote(each) for each in joined.split(",")] == [said(each) for each in items]


SAFE = st.text(st.characters(codec="utf-8", exclude_characters=" |\t\r\n"), max_size=8)


@CHECKED
@given(st.lists(SAFE, min_size=1, max_size=4), st.sampled_from([("spaceDelimited", " "), ("pipeDelimited", "|")]))
def test_delimited_lists_are_read_as_they_were_meant(server: Echo, items: list[str], how: tuple[str, str]) -> None:
    style, separator = how
    found = operation("/a", parameter("q", "query", style=style, explode=False))
    ((_, text),) = server.sees(built(found, base=server.url, query={"q": items})).query
    assert text.split(separator) == items


@CHECKED
@given(st.lists(TEXT, max_size=3), SINGLE, st.booleans(), st.sampled_from(["simple", "label", "matrix"]))
def test_a_path_is_one_segment_for_each_value(
    server: Echo, items: list[str], one: Any, explode: bool, style: str
) -> None:
    found = operation(
        "/a/{list}/b/{one}", parameter("one", "path"), parameter("list", "path", style=style, explode=explode)
    )
    try:
        request = built(found, base=server.url, path={"one": one, "list": items})
    except Exception as fault:
        assert str(fault).startswith("/path")
        return
    target = server.sees(request).target
    assert server.origin + target == request.url
    _, v1, a, written, b, last = target.split("/")
    assert (v1, a, b, unquote(last)) == ("v1", "a", "b", said(one))
    assert read_segment(written, style, explode) == [said(each) for each in items]


def read_segment(text: str, style: str, explode: bool) -> list[str]:
    """Read a list in a path segment as OpenAPI's table of styles says."""
    match style, explode:
        case "label", True:
            parts = text.removeprefix(".").split(".")
        case "label", False:
            parts = text.removeprefix(".").split(",")
        case "matrix", True:
            parts = text.removeprefix(";list=").split(";list=")
        case "matrix", False:
            parts = text.removeprefix(";list=").split(",")
        case _:
            parts = text.split(",")
    return [unquote(each) for each in parts]


LINE = st.from_regex(r"([!-~]([ -~]*[!-~])?)?", fullmatch=True).filter(lambda text: len(text) < 200)


@CHECKED
@given(LINE, TEXT, st.from_regex(r"[!#-+\--:<-\[\]-~]*", fullmatch=True), st.dictionaries(TEXT, TEXT, max_size=2))
def test_headers_and_cookies_are_read_as_they_were_meant(
    server: Echo, line: str, text: str, plain: str, value: dict[str, Any]
) -> None:
    found = operation(
        "/a", parameter("X-Line", "header"), parameter("X-Json", "header", content={"application/json": {}}),
        parameter("coded", "cookie"), parameter("plain", "cookie", style="cookie"),
    )  # fmt: skip
    request = built(
        found, base=server.url, header={"X-Line": line, "X-Json": value}, cookie={"coded": text, "plain": plain}
    )
    seen = server.sees(request)
    assert seen.headers["x-line"] == line and parse(seen.headers["x-json"]) == value
    assert seen.cookies["coded"] == text
    assert f"plain={plain}" in header(request, "cookie").split("; ")


FORM = {"k": {"type": "object"}, "f": {"type": "string", "format": "binary"}}


@CHECKED
@given(
    st.dictionaries(NAME, SINGLE | st.lists(SINGLE, max_size=3), max_size=4), st.dictionaries(NAME, SINGLE, max_size=2)
)
def test_a_form_is_read_as_it_was_meant(server: Echo, fields: dict[str, Any], deep: dict[str, Any]) -> None:
    value = {**{f"a{name}": each for name, each in fields.items()}, "d": {"x": deep}}
    request = with_body(
        "application/x-www-form-urlencoded", value, encoding={"d": {"style": "deepObject"}}, base=server.origin
    )
    _, read, _ = parse_form_data(environ(request))
    expected = sorted(pair for name, each in value.items() for pair in form_pairs(name, each))
    assert sorted(server.sees(request).form) == expected == pairs(read)


@CHECKED
@given(st.dictionaries(NAME, TEXT | st.lists(TEXT, max_size=3), max_size=4), st.binary(max_size=300), NAME)
def test_a_multipart_body_is_read_as_it_was_meant(server: Echo, fields: dict[str, Any], data: bytes, name: str) -> None:
    filename = name.replace("/", "_").replace('"', "_").strip(". ") or "x"
    blob = digest_bytes(data)
    value = {
        **{f"a{key}": each for key, each in fields.items()},
        "f": {"blob": blob, "name": filename, "type": "image/png"},
    }
    schema = {"properties": FORM}
    request = with_body("multipart/form-data", value, schema, files={blob: data}, base=server.origin)
    expected = sorted(pair for key, each in value.items() if key != "f" for pair in form_pairs(key, each))
    _, read, files = parse_form_data(environ(request))
    assert pairs(read) == expected
    assert files["f"].read() == data and files["f"].filename == filename and files["f"].content_type == "image/png"
    again, parts = multipart.parse_form_data(environ(request))
    assert sorted((key, each) for key in again for each in again.getall(key)) == expected
    assert parts["f"].raw == data
    files["f"].close()
    parts["f"].close()
    seen = server.sees(request)
    assert sorted(seen.form) == expected
    assert seen.files == [("f", filename, "image/png", data.hex())]


def form_pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield from leaves(name, value)
        case list():
            yield from ((name, said(each)) for each in value)
        case _:
            yield name, said(value)


def pairs(read: MultiDict[str, str]) -> list[tuple[str, str]]:
    return sorted((name, text) for name, text in read.items(multi=True))


def environ(request: Built) -> dict[str, Any]:
    """Hand a body to a WSGI parser."""
    return {
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": header(request, "content-type"),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": io.BytesIO(request.body),
    }
