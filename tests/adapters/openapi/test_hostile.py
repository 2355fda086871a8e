"""Whatever stands in a document, it is read or refused: never anything else."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.ingest import read_document
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.reading.text import read_text
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators
from domain.errors import Refused
from ops.sample.shop import document

WORDS = ["$ref", "type", "properties", "required", "in", "name", "schema", "nullable", "allOf", "content", "servers"]
TEXTS = ["", "path", "header", "#/components/schemas/Order", "#/paths", "#/a/0", "object", "a\r\nb", "{x}", "/../"]
JSON = st.recursive(
    st.sampled_from([None, True, 0, -1, 1.5, *TEXTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every container with each of its keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, child in items for place in ((value, key), *places(child))]


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 10_000), JSON), min_size=1, max_size=3), st.booleans())
def test_a_document_with_anything_anywhere_is_read_or_refused(changes: list[tuple[int, Any]], keys: bool) -> None:
    tree = json.loads(json.dumps(document("http://127.0.0.1:1", keys)))
    for number, value in changes:
        found = places(tree)
        container, key = found[number % len(found)]
        container[key] = value
    data = json.dumps(tree).encode()
    try:
        tools = read_document(data, api="shop", base_url=None).tools
    except Refused:
        return
    for tool in tools:
        method, _, path = tool.operation.partition(" ")
        read, arguments = read_text(data), {"path": {"orderId": "a"}, "body": {"customerId": 7, "items": [None]}}
        operation, validators = read_operation(read, method, path), Validators("d", read, CompiledSchemas())
        validators.problems(operation, arguments)
        validators.mismatches(operation, 200, "application/json", b'[{"id": 1}, null]')


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_document(data, api="shop", base_url="http://127.0.0.1:1")
    except Refused:
        return
    raise AssertionError("sixty random bytes are no document")
