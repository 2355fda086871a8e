"""Read the operations of an OpenAPI document, and write a command line that calls each."""

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

from api.docs.types import Schema, name_of

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """Be one operation of a document."""

    method: str
    path: str
    spec: Schema

    @property
    def anchor(self) -> str:
        """Name its place on the page."""
        return anchor_of(f"{self.method}{self.path}")


def operations(document: Schema) -> dict[str, list[Operation]]:
    """Return the operations of a document by tag, in the document's order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            found.setdefault(spec.get("tags", ["other"])[0], []).append(Operation(method.upper(), path, spec))
    return found


def body_of(operation: Operation) -> Schema | None:
    """Return the schema of what an operation takes as JSON."""
    content = operation.spec.get("requestBody", {}).get("content", {})
    found: Schema | None = content.get(JSON, {}).get("schema")
    return found


def anchor_of(name: str) -> str:
    """Return a name as it may stand in an address."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")


def curl(operation: Operation, types: dict[str, Schema], url: str) -> str:
    """Return a command line that calls an operation: what is written in capitals is to be replaced."""
    needed = [(each["name"], each["in"]) for each in operation.spec.get("parameters", ()) if each["required"]]
    path = operation.path
    for name, _ in needed:
        path = path.replace("{" + name + "}", name.upper())
    query = "&".join(f"{name}={name.upper()}" for name, place in needed if place == "query")
    parts = ["curl", shlex.quote(f"{url}{path}?{query}" if query else f"{url}{path}")]
    if operation.method != "GET":
        parts[1:1] = ["-X", operation.method]
    if body := body_of(operation):
        given = operation.spec["requestBody"]["content"][JSON].get("example")
        sample = json.dumps(given or example(body, types), ensure_ascii=False)
        parts += ["\\\n ", "-H", shlex.quote(f"Content-Type: {JSON}"), "\\\n ", "-d", shlex.quote(sample)]
    return " ".join(parts)


def example(schema: Schema, types: dict[str, Schema]) -> Any:
    """Return the smallest value that a schema allows, its texts to be replaced."""
    schema = types.get(name_of(schema), schema)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return example(choices[0], types)
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: example(properties[name], types) for name in schema.get("required", ())}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return "…"
