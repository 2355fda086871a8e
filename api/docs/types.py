"""Say in words and tables what a JSON Schema allows."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from api.docs.html import Content, Html, markup, prose, tag, words

Schema: TypeAlias = dict[str, Any]

FORMATS = {"date-time": "time", "uuid": "UUID"}
LIMITS = {"minimum": "at least", "maximum": "at most", "minLength": "at least", "maxLength": "at most"}


def name_of(schema: Schema) -> str:
    """Return the name of the type that a schema refers to, empty where it is none."""
    return str(schema.get("$ref", "")).removeprefix("#/components/schemas/")


def kind(schema: Schema) -> Html:
    """Name what is allowed, with links to named types."""
    if name := name_of(schema):
        return tag("a", name, href=f"#type-{name}")
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        return _joined([kind(each) for each in choices], " or ")
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return _joined([tag("code", _text(each)) for each in values], " | ")
    match schema.get("type"):
        case "array":
            return markup(["list of ", kind(schema.get("items", {}))])
        case "object" if "additionalProperties" in schema and not schema.get("properties"):
            return markup("object")
        case str(named):
            return markup([FORMATS.get(schema.get("format", ""), named), _limits(schema)])
        case _:
            return markup("any JSON")


def fields(schema: Schema) -> Html:
    """Return what an object is and a table of its fields, those that are required first."""
    required = schema.get("required", ())
    properties: dict[str, Schema] = schema.get("properties", {})
    names = sorted(properties, key=lambda name: name not in required)
    # Of an answer, where everything is always there, it need not be said of every field.
    marked = required if len(required) < len(names) or "additionalProperties" in schema else ()
    rows = [row(named(name, name in marked), kind(properties[name]), note(properties[name])) for name in names]
    return markup([prose(schema.get("description", "")), table(rows)])


def table(rows: Sequence[Html]) -> Html | None:
    """Return rows as a table, nothing where there are none."""
    return tag("table", tag("tbody", rows)) if rows else None


def row(head: Content, *cells: Content) -> Html:
    """Return one row: what it is about, and what is said of it."""
    return tag("tr", tag("th", head, scope="row"), [tag("td", each) for each in cells])


def named(name: str, required: bool) -> Html:
    """Return the name of a field or parameter, marked where it is required."""
    return markup([tag("code", name), tag("span", "required", class_="required") if required else None])


def note(schema: Schema, description: str = "") -> Html:
    """Return what is to be known about a value beside its type: words, and what it is where it is left out."""
    said, default = words(schema.get("description") or description), schema.get("default")
    if isinstance(default, bool | int | str) and default != "":
        return markup([said, " ", tag("span", "default ", tag("code", _text(default)), class_="aside")])
    return said


def _limits(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f" from {least:,.0f} to {most:,.0f}"
    return "".join(f", {said} {schema[key]:,.0f}" for key, said in LIMITS.items() if key in schema)


def _joined(pieces: list[Html], between: str) -> Html:
    return markup([pieces[0], *([between, each] for each in pieces[1:])])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
