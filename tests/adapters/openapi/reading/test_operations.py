"""Operations of every dialect are read into one form; a fault blocks its operation, never the document."""

from typing import Any

import pytest

from adapters.openapi.model import Answer, Api, Body, Content, Encoding, Need, Operation, Parameter, Scheme
from adapters.openapi.reading.api import dialect_of, read_api
from domain.errors import Invalid
from domain.pointers import pointer
from tests.adapters.openapi.reading.documents import findings, openapi, read, read_swagger, swagger


def parameter(raw: dict[str, Any], version: str = "3.1.0", path: str = "/a") -> Parameter:
    (found,) = read({"parameters": [raw]}, version=version, path=path).parameters
    return found


def swagger_parameter(raw: dict[str, Any], path: str = "/a") -> Parameter:
    (found,) = read_swagger({"parameters": [raw]}, path=path).parameters
    return found


def errors(paths: dict[str, Any], **more: Any) -> dict[str, str]:
    api = read_api(openapi(paths, **more))
    return {each.operation: f"{each.place} {each.message}" for each in findings(api, "error")}


def warnings(tree: dict[str, Any]) -> dict[str, str]:
    return {each.place: each.message for each in findings(read_api(tree), "warning")}


@pytest.mark.parametrize(
    ("tree", "dialect"),
    [
        ({"openapi": "3.0.4"}, "openapi-3.0"),
        ({"openapi": "3.1.1"}, "openapi-3.1"),
        ({"openapi": "3.2.0"}, "openapi-3.2"),
        ({"swagger": "2.0"}, "swagger-2.0"),
        ({"swagger": 2.0}, "swagger-2.0"),
    ],
)
def test_every_dialect_is_known(tree: dict[str, Any], dialect: str) -> None:
    assert dialect_of(tree) == dialect


@pytest.mark.parametrize(
    "tree", [{}, {"openapi": "2.0"}, {"swagger": "3.0"}, {"openapi": "3.3.0"}, {"openapi": None}, {"openapi": "31"},
             {"openapi": "3.1.0", "swagger": "2.0"}]
)  # fmt: skip
def test_what_is_no_document_is_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"openapi: 3\.x"):
        read_api(tree)


@pytest.mark.parametrize(
    ("raw", "style", "explode"),
    [
        ({"in": "query"}, "form", True),
        ({"in": "query", "explode": False}, "form", False),
        ({"in": "query", "style": "spaceDelimited"}, "spaceDelimited", False),
        ({"in": "query", "style": "pipeDelimited", "explode": True}, "pipeDelimited", True),
        ({"in": "query", "style": "deepObject"}, "deepObject", True),
        ({"in": "header"}, "simple", False),
        ({"in": "header", "explode": True}, "simple", True),
        ({"in": "cookie"}, "form", True),
        ({"in": "cookie", "style": "cookie"}, "cookie", True),
        ({"in": "path"}, "simple", False),
        ({"in": "path", "style": "label"}, "label", False),
        ({"in": "path", "style": "matrix", "explode": True}, "matrix", True),
    ],
)
def test_styles_are_as_they_are_written_or_by_default(raw: dict[str, Any], style: str, explode: bool) -> None:
    found = parameter({"name": "v", "schema": {"type": "array"}, **raw}, path="/{v}" if raw["in"] == "path" else "/a")
    assert (found.place, found.style, found.explode, found.media_type) == (raw["in"], style, explode, "")
    assert found.required is (raw["in"] == "path") and found.schema == {"type": "array"}


@pytest.mark.parametrize("place", ["query", "header", "cookie", "path"])
def test_a_parameter_may_be_described_by_a_media_type(place: str) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    found = parameter({"name": "v", "in": place, "content": content}, path="/{v}" if place == "path" else "/a")
    assert (found.media_type, found.schema, found.explode) == ("application/json", {"type": "object"}, False)


def test_a_parameter_says_all_that_its_sending_needs() -> None:
    raw = {"name": "q", "in": "query", "required": True, "allowReserved": True, "description": "What", "schema": True}
    assert parameter(raw) == Parameter(
        name="q", place="query", required=True, schema=True, style="form", explode=True, allow_reserved=True,
        description="What",
    )  # fmt: skip


def test_openapi_3_2_may_describe_the_whole_query() -> None:
    content = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    found = parameter({"name": "all", "in": "querystring", "content": content}, version="3.2.0")
    assert (found.place, found.style, found.media_type) == ("query", "querystring", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("written", "style", "explode"),
    [
        (None, "form", False),
        ("csv", "form", False),
        ("multi", "form", True),
        ("ssv", "spaceDelimited", False),
        ("tsv", "tabDelimited", False),
        ("pipes", "pipeDelimited", False),
    ],
)
def test_swagger_2_0_says_in_its_own_words_how_lists_are_sent(written: str | None, style: str, explode: bool) -> None:
    raw = {"name": "v", "in": "query", "type": "array", "items": {"type": "string"}, "allowEmptyValue": True}
    found = swagger_parameter(raw | ({"collectionFormat": written} if written else {}))
    assert (found.style, found.explode) == (style, explode)
    assert found.schema == {"type": "array", "items": {"type": "string"}}
    in_path = swagger_parameter({**raw, "in": "path", "collectionFormat": "pipes"}, path="/{v}")
    assert (in_path.style, in_path.required) == ("pipeDelimited", True)


def test_an_operations_parameter_replaces_its_paths_and_headers_are_the_same_in_any_case() -> None:
    above = [{"name": n, "in": "header", "schema": {"type": "string"}} for n in ("X-One", "X-Two")]
    item = {
        "parameters": above,
        "get": {"parameters": [{"name": "x-one", "in": "header", "schema": {"type": "integer"}}]},
    }
    (operation,) = read_api(openapi({"/a": item})).operations
    assert {each.name: each.schema["type"] for each in operation.parameters} == {"x-one": "integer", "X-Two": "string"}


def test_headers_that_are_no_parameters_are_left_out_and_the_idempotency_key_is_honoured() -> None:
    names = ["Accept", "content-type", "Authorization", "Host", "Accept-Encoding", "Idempotency-KEY", "X-Kept"]
    found = read({"parameters": [{"name": name, "in": "header", "required": True, "schema": {}} for name in names]})
    assert ([each.name for each in found.parameters], found.honours_key) == (["X-Kept"], True)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"name": "v", "in": "query", "style": "simple"}, "cannot be sent in the style 'simple'"),
        ({"name": "v", "in": "header", "style": "form"}, "cannot be sent in the style 'form'"),
        ({"name": "v", "in": "body"}, "is in 'body'"),
        ({"name": "v\r\nx", "in": "header"}, "cannot be the name of a header parameter"),
        ({"name": "v;", "in": "cookie"}, "cannot be the name of a cookie parameter"),
        ({"name": "", "in": "query"}, "cannot be the name of a query parameter"),
        ({"name": "v", "in": "query", "content": {}}, "names 0 media types"),
        ({"name": "v", "in": "query", "content": {"a/b": {}, "c/d": {}}}, "names 2 media types"),
        ({"name": "v", "in": "querystring"}, "whole query, but names no media type"),
    ],
)
def test_a_parameter_that_cannot_be_sent_blocks_only_where_it_is_required(raw: dict[str, Any], reason: str) -> None:
    place = "/paths/~1a/get/parameters/0"
    blocked = errors({"/a": {"get": {"parameters": [{**raw, "required": True}]}}, "/b": {"get": {}}})
    assert list(blocked) == ["GET /a"] and blocked["GET /a"].startswith(place) and reason in blocked["GET /a"]
    optional = openapi({"/a": {"get": {"parameters": [raw]}}})
    assert reason in warnings(optional)[place] and "left out" in warnings(optional)[place]
    assert read_api(optional).operations[0].parameters == ()


def test_path_parameters_that_the_path_does_not_name_are_left_out_and_missing_ones_block() -> None:
    tree = openapi(
        {"/a": {"get": {"parameters": [{"name": "id", "in": "path", "schema": {}}]}}, "/b/{id}": {"get": {}}}
    )
    api = read_api(tree)
    assert [each.name for each in api.operations] == ["GET /a"] and api.operations[0].parameters == ()
    assert "does not name the path parameter 'id'" in warnings(tree)["/paths/~1a/get"]
    assert "the path names ['id'], but the path parameters are []" in findings(api, "error")[0].message


@pytest.mark.parametrize(
    "path",
    [
        "/a?b=1",
        "/a#b/c",
        "/a#",
        "/a#b#c",
        "/a\\b",
        "/a/{b",
        "/a/../b",
        "/./a",
        "/a/%2e%2E/b",
        "/a/%252e%252e/b",
        "/a b",
        "/a\r\nb",
    ],
)
def test_a_path_that_would_lead_elsewhere_blocks_its_operations(path: str) -> None:
    assert "its path holds" in errors({path: {"get": {}}})[f"GET {path}"]


def test_bodies_name_each_media_type_with_its_encodings() -> None:
    encoding = {
        "file": {"contentType": "image/png, image/jpeg"},
        "tags": {"style": "pipeDelimited", "explode": False, "allowReserved": True},
    }
    schema = {"type": "object"}
    content = {
        "application/json": {"schema": schema},
        "multipart/form-data": {"schema": schema, "encoding": encoding},
        "application/jsonl": {"itemSchema": schema},
        "application/octet-stream": {},
    }
    assert read({"requestBody": {"required": True, "content": content}}, version="3.2.0").body == Body(
        required=True,
        contents=(
            Content(media_type="application/json", schema=schema),
            Content(
                media_type="multipart/form-data",
                schema=schema,
                encodings=(
                    Encoding(name="file", content_type="image/png, image/jpeg"),
                    Encoding(name="tags", style="pipeDelimited", explode=False, allow_reserved=True),
                ),
            ),
            Content(media_type="application/jsonl", schema={"type": "array", "items": schema}),
            Content(media_type="application/octet-stream", schema={}),
        ),
    )


def test_a_media_type_that_would_break_a_header_is_left_out() -> None:
    content: dict[str, Any] = {"a/b\r\nx: y": {}, "json": {}, "text/plain; charset=utf-8": {}}
    body = read({"requestBody": {"content": content}}).body
    assert body and [each.media_type for each in body.contents] == ["text/plain; charset=utf-8"]
    only: dict[str, Any] = {"a/b\r\nx: y": {}}
    assert (
        "in no media type" in errors({"/a": {"post": {"requestBody": {"required": True, "content": only}}}})["POST /a"]
    )
    assert read({"requestBody": {"content": only}}).body is None


def test_an_empty_form_of_a_read_is_no_body() -> None:
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {}}}}}
    assert read({"requestBody": form}, method="get").body is None
    assert read({"requestBody": form}, method="post").body is not None
    form["content"]["application/x-www-form-urlencoded"]["schema"]["properties"] = {"a": {}}
    assert read({"requestBody": form}, method="get").body is not None


def test_headers_of_a_part_are_warned_of_but_for_the_one_that_its_encoding_says() -> None:
    encoding = {"a": {"headers": {"Content-Type": {}, "X-A": {}}}, "b": {"headers": {"content-type": {}}}, "c": "odd"}
    body = {"content": {"multipart/form-data": {"schema": {"type": "object"}, "encoding": encoding}}}
    (place,) = warnings(openapi({"/a": {"post": {"requestBody": body}}}))
    assert place == "/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/a/headers"


def test_swagger_2_0_forms_are_bodies_with_encodings() -> None:
    fields = [
        {"name": "note", "in": "formData", "type": "string", "description": "Why", "required": True},
        {"name": "tags", "in": "formData", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
        {"name": "ids", "in": "formData", "type": "array", "items": {"type": "integer"}},
    ]
    body = read_swagger({"parameters": fields}).body
    assert body and body.required
    (content,) = body.contents
    assert content.media_type == "application/x-www-form-urlencoded"
    assert content.schema == {
        "type": "object",
        "properties": {
            "note": {"type": "string", "description": "Why"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "ids": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["note"],
    }
    assert content.encodings == (
        Encoding(name="tags", style="form", explode=True), Encoding(name="ids", style="form", explode=False),
    )  # fmt: skip


def test_swagger_2_0_files_make_a_form_of_parts_whatever_it_consumes() -> None:
    fields = [{"name": "file", "in": "formData", "type": "file"}]
    for consumes in ([], ["application/json"], ["application/x-www-form-urlencoded", "multipart/form-data"]):
        body = read_swagger({"parameters": fields, "consumes": consumes}).body
        assert body and [each.media_type for each in body.contents] == ["multipart/form-data"]
        assert body.contents[0].schema["properties"] == {"file": {"type": "string", "format": "binary"}}


def test_swagger_2_0_bodies_and_answers_take_the_media_types_of_the_operation_or_else_of_the_document() -> None:
    raw: dict[str, Any] = {
        "parameters": [{"name": "b", "in": "body", "required": True, "schema": {"$ref": "#/definitions/A"}}],
        "responses": {"200": {"schema": {"type": "array"}}, "204": {"description": "none"}, "2xx": {}, "odd": {}},
    }
    definitions: dict[str, Any] = {"A": {"type": "object"}}
    plain = read_swagger(raw, definitions=definitions)
    assert plain.body == Body(
        required=True, contents=(Content(media_type="application/json", schema={"$ref": "#/definitions/A"}),)
    )
    assert plain.answers == (
        Answer(status="200", contents=(Content(media_type="*/*", schema={"type": "array"}),)),
        Answer(status="204"),
        Answer(status="2XX"),
    )
    said = read_swagger(raw, definitions=definitions, consumes=["application/xml"], produces=["text/csv"])
    own = read_swagger({**raw, "consumes": ["a/b"], "produces": ["c/d"]}, definitions=definitions, consumes=["e/f"])
    assert said.body and own.body
    assert (said.body.contents[0].media_type, said.answers[0].contents[0].media_type) == ("application/xml", "text/csv")
    assert (own.body.contents[0].media_type, own.answers[0].contents[0].media_type) == ("a/b", "c/d")


def test_swagger_2_0_bodies_said_in_two_ways_block() -> None:
    both = [{"name": "b", "in": "body", "schema": {}}, {"name": "f", "in": "formData", "type": "string"}]
    (fault,) = findings(read_api(swagger({"/a": {"post": {"parameters": both}}})), "error")
    assert "described more than once" in fault.message and fault.place == "/paths/~1a/post/parameters/0"


def test_answers_name_their_media_types_and_one_that_cannot_be_read_is_left_out() -> None:
    responses = {
        "200": {"content": {"application/json": {"schema": {"type": "object"}}, "text/csv": {}}},
        "4xx": {"$ref": "#/components/responses/No"},
        "500": {"$ref": "#/components/responses/None"},
        "default": {"description": "else"},
        "x-more": 1,
    }
    tree = openapi({"/a": {"get": {"responses": responses}}}, components={"responses": {"No": {}}})
    (operation,) = read_api(tree).operations
    assert [(each.status, [one.media_type for one in each.contents]) for each in operation.answers] == [
        ("200", ["application/json", "text/csv"]), ("4XX", []), ("default", []),
    ]  # fmt: skip
    assert "points at nothing; the answer is left out" in warnings(tree)["/paths/~1a/get/responses/500"]


SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "jar": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {"authorizationUrl": "https://a/x", "tokenUrl": "https://a/code", "scopes": {"r": ""}},
            "clientCredentials": {"tokenUrl": "https://a/token", "scopes": {"w": ""}},
        },
    },
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://a/.well-known"},
    "mtls": {"type": "mutualTLS"},
    "digest": {"type": "http", "scheme": "digest"},
    "nowhere": {"type": "apiKey", "in": "body", "name": "k"},
}


def test_security_schemes_of_every_kind_are_read_and_unknown_ones_are_reported() -> None:
    api = read_api(openapi({}, components={"securitySchemes": SCHEMES}))
    assert api.schemes == (
        Scheme(name="key", kind="api-key", place="header", field="X-Key"),
        Scheme(name="jar", kind="api-key", place="cookie", field="sid"),
        Scheme(name="basic", kind="basic"),
        Scheme(name="bearer", kind="bearer"),
        Scheme(name="oauth", kind="oauth2", token_url="https://a/token", scopes=("r", "w")),
        Scheme(name="oidc", kind="open-id-connect"),
        Scheme(name="mtls", kind="mutual-tls"),
    )
    assert [each.place.rpartition("/")[2] for each in findings(api, "warning")] == ["digest", "nowhere"]


def test_swagger_2_0_schemes_have_one_flow_each() -> None:
    definitions = {
        "basic": {"type": "basic"},
        "key": {"type": "apiKey", "in": "query", "name": "k"},
        "app": {"type": "oauth2", "flow": "application", "tokenUrl": "https://a/t", "scopes": {"r": ""}},
        "user": {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://a/x", "scopes": {}},
    }
    assert read_api(swagger({}, securityDefinitions=definitions)).schemes == (
        Scheme(name="basic", kind="basic"),
        Scheme(name="key", kind="api-key", place="query", field="k"),
        Scheme(name="app", kind="oauth2", token_url="https://a/t", scopes=("r",)),
        Scheme(name="user", kind="oauth2"),
    )


def test_needs_are_alternatives_of_schemes_with_the_documents_as_default() -> None:
    alternatives = [{"key": [], "oauth": ["r", "w"]}, {"basic": []}, {}]
    needs = ((Need(scheme="key"), Need(scheme="oauth", scopes=("r", "w"))), (Need(scheme="basic"),), ())
    schemes = {"securitySchemes": SCHEMES}
    assert read({"security": alternatives}, components=schemes).needs == needs
    assert read({}, security=alternatives, components=schemes).needs == needs
    assert read({"security": []}, security=alternatives, components=schemes).needs == ((),)
    assert read({}, components=schemes).needs == ()
    unknown = openapi({"/a": {"get": {"security": [{"none": []}]}}})
    assert "'none', which the document does not describe" in warnings(unknown)["/paths/~1a/get/security"]


OWN = "https://files.example.com"


@pytest.mark.parametrize(
    ("item", "servers"),
    [
        ({"get": {"servers": [{"url": OWN}, {"url": "/x/"}]}}, (OWN, "/x")),
        ({"get": {}, "servers": [{"url": OWN}]}, (OWN,)),
        ({"get": {"servers": [{"url": "https://api.example.com/v2"}]}}, ("https://api.example.com/v2",)),
        ({"get": {"servers": [{"url": OWN}, {"url": "https://api.example.com/v1/"}]}}, ()),
        ({"get": {"servers": [{"url": "https://{h}/v1", "variables": {"h": {"default": "api.example.com"}}}]}}, ()),
        ({"get": {"servers": [{"url": "https://{h}/v1", "variables": {"h": {"default": "h"}}}]}}, ("https://h/v1",)),
        ({"get": {"servers": []}}, ()),
    ],
)
def test_servers_of_its_own_are_read_where_they_are_not_its_documents(item: dict[str, Any], servers: Any) -> None:
    (read,) = read_api(openapi({"/a": item})).operations
    assert read.servers == servers


def test_an_operation_whose_server_has_an_open_variable_is_blocked() -> None:
    assert "'h' has no default" in errors({"/a": {"get": {"servers": [{"url": "https://{h}/v1"}]}}})["GET /a"]


def test_a_parameter_that_stands_twice_in_one_list_is_warned_of_and_the_last_counts() -> None:
    parameters = [{"name": "q", "in": "query", "schema": {"type": each}} for each in ("string", "integer")]
    parameters.append({"name": "q", "in": "header", "schema": {"type": "string"}})
    tree = openapi({"/a": {"parameters": parameters[:1], "get": {"parameters": parameters}}})
    assert warnings(tree) == {
        "/paths/~1a/get/parameters/1": "the query parameter 'q' stands here again; the last counts"
    }
    (read,) = read_api(tree).operations
    assert [(each.place, each.schema["type"]) for each in read.parameters] == [
        ("query", "integer"),
        ("header", "string"),
    ]


@pytest.mark.parametrize(
    ("server", "base_url", "warning"),
    [
        ({"url": "https://a.example/v1/"}, "https://a.example/v1", ""),
        ({"url": "https://{r}.a", "variables": {"r": {"default": "eu", "enum": ["eu", "us"]}}}, "https://eu.a", ""),
        ({"url": "https://a:{p}", "variables": {"p": {"default": 8443, "enum": ["443", 8443]}}}, "https://a:8443", ""),
        ({"url": "https://a:{p}", "variables": {"p": {"default": True}}}, "", "'p' has no default"),
        ({"url": "https://{r}.a", "variables": {"r": {"default": "x", "enum": ["eu"]}}}, "", "which it may not be"),
        ({"url": "https://{r}.a", "variables": {"r": {}}}, "", "'r' has no default"),
        ({"url": "https://{r}.example"}, "", "'r' has no default"),
        ({"url": "/v1"}, "/v1", "the document's server is '/v1'"),
        ({"url": "//a.example"}, "//a.example", "the document's server is"),
        ({"url": "https://[::1"}, "https://[::1", "the document's server is"),
        ({}, "", "names no server"),
    ],
)  # fmt: skip
def test_the_documents_server_is_read_with_its_variables(server: dict[str, Any], base_url: str, warning: str) -> None:
    api = read_api(openapi({"/a": {"get": {}}}, servers=[server]))
    assert api.base_url == base_url and len(api.operations) == 1
    assert [warning in each.message for each in api.findings] == ([True] if warning else [])


def test_paths_may_be_references_with_more_beside_them() -> None:
    tree = openapi(
        {"/a": {"$ref": "#/components/pathItems/A", "summary": "beside"}, "/b": {"$ref": "#/components/pathItems/B"}},
        components={"pathItems": {"A": {"get": {"operationId": "a"}}}},
    )
    api = read_api(tree)
    assert [each.operation_id for each in api.operations] == ["a"]
    assert findings(api, "error")[0].place == "/paths/~1b"


def names(api: Api) -> list[str]:
    return [each.name for each in api.operations]


def test_openapi_3_2_has_more_methods() -> None:
    more: dict[str, Any] = {"COPY": {"operationId": "copy"}, "a b": {}, "CONNECT": {}}
    item = {"get": {}, "query": {"operationId": "ask"}, "additionalOperations": more}
    api = read_api(openapi({"/a": item}, "3.2.0"))
    assert names(api) == ["GET /a", "QUERY /a", "COPY /a"]
    assert [each.place for each in findings(api, "error")] == [
        pointer("paths", "/a", "additionalOperations", method) for method in ("a b", "CONNECT")
    ]
    assert names(read_api(openapi({"/a": item}, "3.1.0"))) == ["GET /a"]


def test_what_stands_where_a_method_or_a_list_of_parameters_belongs_is_told() -> None:
    path = {"get": {"parameters": {"x": {}}}, "POST": {}, "query": {}, "summary": "s", "x-own": 1, "parameters": "none"}
    assert warnings(openapi({"/a": path})) == {
        "/paths/~1a/POST": "'POST' is no method here, and methods are written in lower case; it is left out",
        "/paths/~1a/query": "'query' is no method here, and methods are written in lower case; it is left out",
        "/paths/~1a/get/parameters": "expected a list of parameters, not an object; it is left out",
        "/paths/~1a/parameters": "expected a list of parameters, not the text 'none'; it is left out",
    }
    assert [each.method for each in read_api(openapi({"/a": path})).operations] == ["GET"]
    assert not warnings(openapi({"/a": {"query": {}, "additionalOperations": {"COPY": {}}}}, "3.2.0"))


def test_webhooks_and_extensions_are_no_operations_and_tracing_is_blocked() -> None:
    paths: dict[str, Any] = {"x-paths": {"get": {}}, "a": {"get": {}}, "/a": {"x-get": {}, "get": {}, "trace": {}}}
    tree = openapi(paths, webhooks={"w": {"post": {}}})
    api = read_api(tree)
    assert names(api) == ["GET /a"] and "TRACE would echo" in findings(api, "error")[0].message
    assert list(warnings(tree)) == ["/paths/a"]


def test_what_describes_an_operation_is_kept() -> None:
    raw = {"operationId": "getA", "summary": "S", "description": "D", "tags": ["t", 1], "deprecated": True}
    assert read(raw, method="get") == Operation(
        method="GET", path="/a", operation_id="getA", summary="S", description="D", tags=("t",), deprecated=True
    )


def test_operations_of_the_same_id_are_reported_and_stay() -> None:
    tree = openapi(
        {"/a": {"get": {"operationId": "x"}}, "/b": {"get": {"operationId": "x"}, "put": {"operationId": "y"}}}
    )
    assert len(read_api(tree).operations) == 3
    assert list(warnings(tree)) == ["/paths/~1a/get/operationId", "/paths/~1b/get/operationId"]


@pytest.mark.parametrize("unseen", ["\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\x85", "\ue000"])
@pytest.mark.parametrize("path", ["/a%sb", "/a/{i%sd}"])
def test_a_path_with_a_character_that_does_not_show_is_blocked(path: str, unseen: str) -> None:
    hidden = path % unseen
    named = [{"name": f"i{unseen}d", "in": "path", "required": True, "schema": {"type": "string"}}]
    api = read_api(openapi({hidden: {"get": {"parameters": named if "{" in path else []}}, "/café": {"get": {}}}))
    assert [each.name for each in api.operations] == ["GET /café"]
    (found,) = findings(api, "error")
    assert found.operation == f"GET {hidden}" and "does not show" in found.message
