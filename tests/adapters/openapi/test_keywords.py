"""An operation is found also by its tags, its description, and the names of what it answers."""

import json
import time
from typing import Any

from adapters.openapi.ingest import read_document
from adapters.openapi.keywords import MOST_CHARACTERS
from adapters.openapi.keywords import keywords as keywords_of
from adapters.openapi.reading.operations import read_operation
from domain.catalog.events import Tool

TREE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/people/{id}": {
            "get": {
                "operationId": "get_person",
                "summary": "Get details",
                "description": "All that is known of a person.\n\n# History: this was added in 2018.",
                "tags": ["people"],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "404": {"description": "no", "content": {"application/json": {"schema": {"$ref": "#/x"}}}},
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}},
                    },
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Person": {
                "type": "object",
                "properties": {
                    "birthday": {"type": "string"},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
                    "home": {"allOf": [{"type": "object", "properties": {"street": {"properties": {"deep": {}}}}}]},
                },
            }
        }
    },
}


def keywords(tree: dict[str, Any]) -> str:
    (tool,) = read_document(json.dumps(tree).encode(), api="a", base_url="http://127.0.0.1:1").tools
    assert isinstance(tool, Tool)
    return tool.keywords


def test_tags_description_and_answers_are_kept_even_of_a_schema_that_holds_itself() -> None:
    assert keywords(TREE) == "All that is known of a person. birthday friends home street people"


def test_keywords_are_bounded() -> None:
    tree = json.loads(json.dumps(TREE))
    tree["paths"]["/people/{id}"]["get"]["tags"] = ["x" * 9_000]
    assert len(keywords(tree)) == MOST_CHARACTERS


def test_alternatives_of_alternatives_are_looked_at_within_bounds() -> None:
    """Two ways to each next schema are a million million ways through forty of them."""
    twice = {f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(40)}
    chain = {f"C{n}": {"items": {"$ref": f"#/components/schemas/C{n + 1}"}} for n in range(2_000)}
    for first in ("S0", "C0"):
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{first}"}}}
        paths = {"/a": {"get": {"tags": ["found"], "responses": {"200": {"content": content}}}}}
        assert keywords({**TREE, "paths": paths, "components": {"schemas": {**twice, **chain}}}) == "found"


def test_of_a_text_without_end_the_first_words_are_read() -> None:
    tree = json.loads(json.dumps(TREE))
    operation = tree["paths"]["/people/{id}"]["get"]
    operation["description"], operation["tags"] = "birth " * 2_000_000, ["day " * 2_000_000]
    found = read_operation(tree, "GET", "/people/{id}")
    started = time.process_time()
    assert keywords_of(tree, found).startswith("birth birth")
    assert time.process_time() - started < 0.1
