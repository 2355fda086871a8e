"""Show the operations of an OpenAPI document: what each takes, what it answers, and how to call it."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.docs.html import Html, markup, prose, tag
from api.docs.types import Schema, fields, kind, name_of, named, note, row, table

JSON = "application/json"
NAMES = {"graphql": "GraphQL"}
PLACES = ("path", "query", "header", "cookie")


@dataclass(frozen=True)
class Operation:
    """Be one operation of a document."""

    method: str
    path: str
    spec: Schema

    @property
    def anchor(self) -> str:
        """Name its place on the page."""
        return _anchor(f"{self.method}{self.path}")


def operations(document: Schema) -> dict[str, list[Operation]]:
    """Return the operations of a document by tag, in the document's order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            found.setdefault(spec.get("tags", ["other"])[0], []).append(Operation(method.upper(), path, spec))
    return found


def contents(found: dict[str, list[Operation]], types: dict[str, Schema]) -> Iterator[Html]:
    """List everything that stands on the page."""
    for name, held in found.items():
        yield tag("h2", tag("a", _title(name), href=f"#of-{_anchor(name)}"))
        yield tag("ul", [tag("li", tag("a", _badge(each), _path(each.path), href=f"#{each.anchor}")) for each in held])
    yield tag("h2", tag("a", "Types", href="#types"))
    yield tag("ul", [tag("li", tag("a", name, href=f"#type-{name}")) for name in sorted(types)])


def section(name: str, held: list[Operation], types: dict[str, Schema], url: str) -> Html:
    """Show the operations of one tag."""
    shown = [_operation(each, types, url) for each in held]
    return tag("section", tag("h2", _title(name)), shown, id=f"of-{_anchor(name)}")


def type_section(types: dict[str, Schema]) -> Html:
    """Show every named type."""
    shown = [tag("article", tag("h3", name), fields(types[name]), id=f"type-{name}") for name in sorted(types)]
    return tag("section", tag("h2", "Types"), shown, id="types")


def _title(name: str) -> str:
    return NAMES.get(name, name.capitalize())


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")


def _operation(operation: Operation, types: dict[str, Schema], url: str) -> Html:
    title, _, rest = str(operation.spec.get("description", "")).partition("\n")
    return tag(
        "article",
        tag("h3", tag("a", _badge(operation), _path(operation.path), href=f"#{operation.anchor}")),
        prose(title),
        prose(rest),
        _parameters(operation),
        _body(operation, types),
        _answers(operation),
        tag("pre", tag("code", curl(operation, types, url))),
        id=operation.anchor,
    )


def _badge(operation: Operation) -> Html:
    return tag("span", operation.method, class_="method", **{"data-method": operation.method})


def _path(path: str) -> Html:
    return tag("code", path)


def _parameters(operation: Operation) -> Html | None:
    given = operation.spec.get("parameters", [])
    rows = [
        row(
            named(each["name"], each["required"]),
            [kind(each["schema"]), tag("span", f" in {each['in']}", class_="aside")],
            note(each["schema"], each.get("description", "")),
        )
        for each in sorted(given, key=lambda each: PLACES.index(each["in"]))
    ]
    return markup([tag("h4", "Parameters"), table(rows)]) if rows else None


def _body(operation: Operation, types: dict[str, Schema]) -> Html | None:
    if not (body := body_of(operation)):
        return None
    needed = "required" if operation.spec["requestBody"]["required"] else "may be left out"
    heading = tag("h4", "Body ", tag("span", kind(body), f", {needed}", class_="aside"))
    return markup([heading, fields(types.get(name_of(body), body))])


def body_of(operation: Operation) -> Schema | None:
    """Return the schema of what an operation takes as JSON."""
    content = operation.spec.get("requestBody", {}).get("content", {})
    found: Schema | None = content.get(JSON, {}).get("schema")
    return found


def _answers(operation: Operation) -> Html:
    rows = [
        row("problem" if status == "default" else status, kind(held["schema"]), tag("code", media_type))
        for status, answer in operation.spec["responses"].items()
        for media_type, held in answer.get("content", {}).items()
    ]
    return markup([tag("h4", "Answers"), table(rows)])


def curl(operation: Operation, types: dict[str, Schema], url: str) -> str:
    """Return a command line that calls an operation: what is written in capitals is to be replaced."""
    path = operation.path
    for each in operation.spec.get("parameters", ()):
        if each["in"] == "path":
            path = path.replace("{" + each["name"] + "}", each["name"].upper())
    parts = ["curl", shlex.quote(url + path)]
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
