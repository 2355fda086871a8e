"""Where openapi-core can judge, it reads from our requests what was put into them.

It cannot judge lists that are delimited by blanks, objects that are spread over a query or a cookie, labels and
matrices, nested deepObjects, and separators inside of what they separate: for those there are the round trips.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from adapters.openapi.reading.operations import read_operation
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built, Unbuildable
from domain.encoding import digest_bytes

BASE = "http://127.0.0.1:1/v1"
CHECKED = settings(max_examples=40)
STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
STRINGS = {"type": "array", "items": STRING}
OBJECT = {"type": "object", "properties": {"a": STRING, "b": INTEGER, "c": BOOLEAN}, "additionalProperties": False}
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=",|=&;"), min_size=1, max_size=8
)
PLAIN = st.from_regex(r"[A-Za-z0-9_.!~*'()-]{1,8}", fullmatch=True)
# A path that a server decodes would end in a dot segment or elsewhere.
SEGMENT = st.from_regex(r"[A-Za-z0-9é ]{0,4}[A-Za-z0-9é]", fullmatch=True)
MEMBERS = st.fixed_dictionaries({}, optional={"a": PLAIN, "b": st.integers(), "c": st.booleans()}).filter(bool)


def parameter(name: str, place: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, "required": place == "path", **more}


PARAMETERS = [
    parameter("p", "path", STRING), parameter("ps", "path", STRINGS), parameter("po", "path", OBJECT),
    parameter("pe", "path", OBJECT, explode=True), parameter("pn", "path", INTEGER),
    parameter("q", "query", STRING), parameter("n", "query", INTEGER), parameter("y", "query", BOOLEAN),
    parameter("qs", "query", STRINGS), parameter("qc", "query", STRINGS, style="form", explode=False),
    parameter("qp", "query", STRINGS, style="pipeDelimited", explode=False),
    parameter("qo", "query", OBJECT, style="form", explode=False),
    parameter("qd", "query", OBJECT, style="deepObject", explode=True),
    parameter("qr", "query", STRING, allowReserved=True),
    {"name": "qj", "in": "query", "content": {"application/json": {"schema": OBJECT}}},
    parameter("H", "header", STRING), parameter("Hs", "header", STRINGS),
    parameter("Ho", "header", OBJECT), parameter("He", "header", OBJECT, explode=True),
    parameter("c", "cookie", STRING), parameter("cs", "cookie", STRINGS, style="form", explode=False),
]  # fmt: skip
PATH = "/a/{p}/{ps}/{po}/{pe}/{pn}"
FORM = {
    "type": "object",
    "properties": {"s": STRING, "n": INTEGER, "y": BOOLEAN, "l": STRINGS, "o": OBJECT},
}
BODIES: dict[str, tuple[str, Any, Any]] = {
    "json": ("application/json", FORM, {}),
    "form": ("application/x-www-form-urlencoded", FORM, {}),
    "multipart": ("multipart/form-data", FORM, {}),
    "text": ("text/plain", STRING, {}),
    "binary": ("application/octet-stream", {"type": "string", "format": "binary"}, {}),
}


def document() -> dict[str, Any]:
    paths: dict[str, Any] = {PATH: {"get": {"parameters": PARAMETERS, "responses": {"200": {"description": ""}}}}}
    for name, (media_type, schema, encoding) in BODIES.items():
        body = {"required": True, "content": {media_type: {"schema": schema, "encoding": encoding}}}
        paths[f"/{name}"] = {"post": {"requestBody": body, "responses": {"200": {"description": ""}}}}
    info = {"title": "t", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "servers": [{"url": BASE}], "paths": paths}


TREE = document()
# Its own check of documents is not asked for: real ones fail it (and this one is right).
JUDGE = OpenAPI.from_dict(TREE, config=Config(spec_validator_cls=None))


def read(request: Built) -> Any:
    """Read a request as openapi-core does of werkzeug's; raise where it finds anything wrong."""
    path, _, query = request.url.removeprefix("http://127.0.0.1:1").partition("?")
    made = EnvironBuilder(
        path, "http://127.0.0.1:1", query_string=query, method=request.method, headers=list(request.headers),
        data=request.body,
    )  # fmt: skip
    found = JUDGE.unmarshal_request(WerkzeugOpenAPIRequest(Request(made.get_environ())))
    found.raise_for_errors()
    return found


def request_of(method: str, path: str, arguments: dict[str, Any], files: dict[str, bytes] | None = None) -> Built:
    return build(read_operation(TREE, method, path), TREE, BASE, arguments, files=files)


QUERY = st.fixed_dictionaries(
    {},
    optional={
        "q": TEXT, "n": st.integers(), "y": st.booleans(), "qs": st.lists(TEXT, min_size=1, max_size=3),
        "qc": st.lists(TEXT, min_size=1, max_size=3), "qp": st.lists(TEXT, min_size=1, max_size=3), "qo": MEMBERS,
        "qd": MEMBERS, "qr": st.text(st.sampled_from("ab:/?@!$'()*,;#[]&+=% é"), min_size=1, max_size=9), "qj": MEMBERS,
    },
)  # fmt: skip
HEADER = {"H": PLAIN, "Hs": st.lists(PLAIN, min_size=1, max_size=3), "Ho": MEMBERS, "He": MEMBERS}
# Its cookies are not percent-decoded, so they hold nothing here that needs it.
UNRESERVED = st.from_regex(r"[A-Za-z0-9_.~-]{1,8}", fullmatch=True)
COOKIE = {"c": UNRESERVED, "cs": st.lists(UNRESERVED, min_size=1, max_size=3)}
IN_PATH = {
    "p": SEGMENT, "ps": st.lists(SEGMENT, min_size=1, max_size=3), "po": MEMBERS, "pe": MEMBERS, "pn": st.integers(),
}  # fmt: skip


@CHECKED
@given(
    st.fixed_dictionaries(IN_PATH), QUERY, st.fixed_dictionaries({}, optional=HEADER),
    st.fixed_dictionaries({}, optional=COOKIE),
)  # fmt: skip
def test_parameters(
    path: dict[str, Any], query: dict[str, Any], header: dict[str, Any], cookie: dict[str, Any]
) -> None:
    try:
        request = request_of("GET", PATH, {"path": path, "query": query, "header": header, "cookie": cookie})
    except Unbuildable as fault:
        assert "dot segment" in str(fault), "nothing else is refused of these"
        return
    found = read(request).parameters
    assert (found.path, found.query, found.header, found.cookie) == (path, query, header, cookie)


# It takes an empty form for none, and an absent list for an empty one.
FIELDS = st.fixed_dictionaries(
    {"s": TEXT, "l": st.lists(TEXT, min_size=1, max_size=3)}, optional={"n": st.integers(), "y": st.booleans()}
)


@CHECKED
@given(FIELDS, MEMBERS)
def test_json_and_forms(fields: dict[str, Any], members: dict[str, Any]) -> None:
    for name in ("json", "form", "multipart"):
        # It reads no numbers from multipart.
        value = {**fields, "o": members} if name == "json" else fields
        value = {key: value[key] for key in ("s", "l")} if name == "multipart" else value
        assert read(request_of("POST", f"/{name}", {"body": value})).body == value


@CHECKED
@given(st.binary(min_size=1, max_size=200), TEXT)
def test_files(data: bytes, text: str) -> None:
    blob = digest_bytes(data)
    assert read(request_of("POST", "/binary", {"body": {"blob": blob}}, {blob: data})).body == data
    assert read(request_of("POST", "/text", {"body": {"text": text}})).body == text


def test_the_second_opinion_would_notice() -> None:
    request = request_of("POST", "/json", {"body": {"n": "x"}})
    with pytest.raises(Exception, match="validation"):
        read(request)
