"""Wrap a plain tool, a name, a JSON Schema and a URL, into a document of one operation, as which it then is treated.

The document is OpenAPI 3.1, whose schemas are JSON Schema as it stands. Its operation posts the arguments as the body.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from domain.encoding import Json, canonical, parse, parse_written
from domain.errors import Invalid

MOST_DESCRIPTION = 2_000
_INPUT, _OUTPUT = "Input", "Output"
_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_VALUES = frozenset({"const", "enum", "default", "example", "examples"})


class PlainTool(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a tool without a document; ``schema`` is of what is posted to ``url``, ``output`` of what it answers."""

    name: str
    url: str
    schema: Json
    output: Json = msgspec.Raw(b"")
    description: str = ""


def document_of(tool: PlainTool) -> bytes:
    """Return the document of a plain tool, the same bytes for the same tool; raises Invalid."""
    parts = _parts(tool.url)
    schemas = {_INPUT: _schema("schema", tool.schema, _INPUT)}
    answer: dict[str, Any] = {"description": "What the tool answers."}
    if bytes(tool.output):
        schemas[_OUTPUT] = _schema("outputSchema", tool.output, _OUTPUT)
        answer["content"] = {"application/json": {"schema": _reference(_OUTPUT)}}
    if len(tool.description) > MOST_DESCRIPTION:
        raise Invalid(f"Expected a description of at most {MOST_DESCRIPTION} characters, not {len(tool.description)}.")
    operation = {
        "operationId": tool.name,
        "description": tool.description or schemas[_INPUT].get("description", "") or tool.name,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _reference(_INPUT)}}},
        "responses": {"200": answer},
    }
    return canonical(
        {
            "openapi": "3.1.0",
            "info": {"title": tool.name, "version": "1"},
            "servers": [{"url": f"{parts.scheme}://{parts.netloc}"}],
            "paths": {parts.path or "/": {"post": operation}},
            "components": {"schemas": schemas},
        }
    )


def _parts(url: str) -> SplitResult:
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError as fault:
        raise Invalid(f"Expected the tool's URL, but got {url[:200]!r}: {fault}.") from fault
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"Expected the tool's URL, as https://host/path, but got {url[:200]!r}.")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid(
            "Expected a URL without user, query and fragment: what is secret does not belong into a document."
        )
    if "{" in parts.path or "}" in parts.path:
        raise Invalid(f"Expected a URL without braces, but got {url[:200]!r}: what varies is posted as the body.")
    return parts


def _schema(what: str, text: Json, name: str) -> dict[str, Any]:
    parse_written(bytes(text))  # refuses a key that stands twice
    schema = parse(bytes(text))
    if not isinstance(schema, dict):
        raise Invalid(f"Expected {what} to be a JSON Schema, an object, but got {bytes(text)[:100].decode()!r}.")
    placed = moved(schema, f"#/components/schemas/{name}")
    assert isinstance(placed, dict)
    return placed


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def moved(schema: Any, place: str) -> Any:
    """Let references into the schema itself point to where it stands in the document; values that it names stay."""
    match schema:
        case dict():
            return {key: _moved_under(key, held, place) for key, held in schema.items()}
        case list():
            return [moved(each, place) for each in schema]
        case _:
            return schema


def _moved_under(key: str, held: Any, place: str) -> Any:
    if key == "$ref" and _is_local(held):
        return place + held[1:]
    if key in _BY_NAME and isinstance(held, dict):
        return {name: moved(each, place) for name, each in held.items()}
    return held if key in _VALUES else moved(held, place)


def _is_local(reference: object) -> bool:
    return isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))
