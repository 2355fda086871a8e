"""What a document marks as secret or personal is found wherever a schema says it."""

from typing import Any

from adapters.openapi.marks import marked_places
from adapters.openapi.reading.operations import read_operation

TREE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/users": {
            "post": {
                "parameters": [{"name": "pin", "in": "query", "schema": {"type": "string", "format": "password"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}
                            }
                        },
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "User": {
                "allOf": [{"properties": {"name": {"type": "string", "x-pii": True}}}],
                "properties": {
                    "mail": {"type": "string", "x-pii": "email"},
                    "odd": {"type": "string", "x-pii": "shoe size"},
                    "open": {"type": "string", "x-pii": False},
                    "token": {"type": "string", "writeOnly": True},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
                    "extra": {"type": "object", "additionalProperties": {"type": "string", "format": "password"}},
                },
            }
        }
    },
}


def test_marks_are_found_in_parameters_bodies_and_answers() -> None:
    found = marked_places(read_operation(TREE, "POST", "/users"), TREE)
    user = {
        ("name",): "private",
        ("mail",): "email",
        ("odd",): "private",
        ("token",): "secret",
        ("extra", "*"): "secret",
    }
    assert {("query", "pin"): "secret", **{("body", *at): kind for at, kind in user.items()}}.items() <= (
        found.arguments.items()
    )
    assert ("body", "open") not in found.arguments
    assert {("*", *at): kind for at, kind in user.items()}.items() <= found.answers.items()


def test_schemas_in_a_circle_end() -> None:
    found = marked_places(read_operation(TREE, "POST", "/users"), TREE)
    assert max(map(len, found.answers)) <= 12 and len(found.answers) < 100
