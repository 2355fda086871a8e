"""Turn plain tools into one OpenAPI document, so that they are registered and called like everything else.

A name is all that says what a plain tool does to the world, so the name chooses the method: what looks is a QUERY, what
destroys a DELETE, everything else a POST. The arguments are the body.
"""

from collections.abc import Sequence
from typing import Any

from commands.catalogue.webhooks import moved
from domain.catalog.effects import effect_of_name
from domain.encoding import canonical
from domain.session.events import EffectClass
from ops.evaluation.injection.cases import PlainTool

METHODS: dict[EffectClass, str] = {"read": "query", "write": "post", "destructive": "delete"}


def document_of(title: str, tools: Sequence[PlainTool]) -> bytes:
    """Return the document of some tools, each at the path of its name."""
    return canonical(
        {
            "openapi": "3.2.0",
            "info": {"title": title, "version": "1"},
            "servers": [{"url": "http://127.0.0.1"}],
            "paths": {f"/{tool.name}": {METHODS[effect_of_name(tool.name)]: _operation(tool)} for tool in tools},
            "components": {"schemas": {tool.name: moved(tool.parameters, _place(tool)) for tool in tools}},
        }
    )


def _operation(tool: PlainTool) -> dict[str, Any]:
    return {
        "operationId": tool.name,
        "description": tool.description,
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": _place(tool)}}}},
        "responses": {"200": {"description": "What the tool answers."}},
    }


def _place(tool: PlainTool) -> str:
    return f"#/components/schemas/{tool.name}"
