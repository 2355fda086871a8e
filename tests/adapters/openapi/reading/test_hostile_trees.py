"""Whatever stands anywhere in a document of any dialect, it is reported on: nothing else ever happens."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.check import check_document
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.reading.source import read_source
from tests.adapters.openapi.reading.bundles import packed
from tests.adapters.openapi.reading.documents import openapi, swagger

TEXTS = [
    "",
    "#",
    "#/",
    "#/paths",
    "#/components/schemas/A",
    "#a",
    "b.json",
    "https://e.org/x",
    "{v}",
    "/..",
    "a\r\nb",
    "multipart/form-data",
    "*/*",
    "2XX",
    "path",
    "body",
    "querystring",
    "file",
    "\ud7ff",
    "%00",
    "https://[e",
]
WORDS = [
    "$ref",
    "$id",
    "$anchor",
    "properties",
    "required",
    "in",
    "name",
    "schema",
    "content",
    "servers",
    "url",
    "default",
    "variables",
    "security",
    "parameters",
    "responses",
    "type",
    "flows",
    "consumes",
    "mapping",
    "propertyName",
]
JSON = st.recursive(
    st.sampled_from([None, True, False, 0, -1, 1.5, 10**30, *TEXTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
SCHEMA = {"$id": "https://e.org/a", "$anchor": "a", "properties": {"n": {"$ref": "#/components/schemas/A"}}}
RICH = {
    "servers": [{"url": "https://{v}.e.org", "variables": {"v": {"default": "a", "enum": ["a"]}}}],
    "parameters": [
        {"name": "v", "in": "path", "required": True, "schema": SCHEMA},
        {"name": "q", "in": "query", "style": "deepObject", "content": {"application/json": {"schema": SCHEMA}}},
    ],
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": SCHEMA, "encoding": {"n": {}}}}},
    "responses": {"200": {"content": {"application/json": {"schema": SCHEMA}}}, "default": {"$ref": "#/paths"}},
    "security": [{"o": ["r"]}, {}],
}
SCHEMES = {"o": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://e.org", "scopes": {"r": ""}}}}}
COMPONENTS = {"schemas": {"A": SCHEMA}, "securitySchemes": SCHEMES}
OLD = {
    "consumes": ["multipart/form-data"],
    "produces": ["application/json"],
    "parameters": [
        {"name": "f", "in": "formData", "type": "file", "required": True},
        {"name": "t", "in": "formData", "type": "array", "items": {"type": "string"}, "collectionFormat": "tsv"},
    ],
    "responses": {"200": {"schema": {"$ref": "#/definitions/A"}}},
}
DOCUMENTS = [
    *(
        openapi(
            {"/a/{v}": {"post": RICH, "query": {}, "additionalOperations": {"COPY": {}}}},
            version,
            components=COMPONENTS,
        )
        for version in ("3.0.3", "3.1.0", "3.2.0")
    ),
    swagger(
        {"/a": {"post": OLD, "get": {"parameters": [{"name": "q", "in": "query", "type": "string"}]}}},
        definitions={"A": {"discriminator": "n"}},
        securityDefinitions={"k": {"type": "apiKey", "in": "header", "name": "X"}},
    ),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every container with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, child in items for place in ((value, key), *places(child))]


@settings(max_examples=300)
@given(
    st.sampled_from(DOCUMENTS), st.lists(st.tuples(st.integers(0, 10_000), JSON), min_size=1, max_size=4), st.booleans()
)
def test_a_document_with_anything_anywhere_is_reported_on(
    written: dict[str, Any], changes: list[tuple[int, Any]], bundled: bool
) -> None:
    tree = json.loads(json.dumps(written))
    for number, value in changes:
        found = places(tree)
        container, key = found[number % len(found)]
        container[key] = value
    data = json.dumps(tree).encode()
    data = packed({"api.json": data, "b.json": json.dumps(SCHEMA)}) if bundled else data
    report = check_document("a", data)
    assert report.operations == report.tools + report.skipped and report.ok is (report.tools > 0)
    if report.ok:
        kept = read_source(data).text
        again = check_document("a", kept)
        assert (again.tools, again.diagnostics) == (report.tools, report.diagnostics)
        blocked = {each.operation for each in report.diagnostics if each.severity == "error"}
        tree = read_source(kept).tree
        for path, item in tree["paths"].items():
            if isinstance(item, dict) and "get" in item and "$ref" not in item and path[0] == "/":
                assert f"GET {path}" in blocked or read_operation(tree, "GET", path).path == path
