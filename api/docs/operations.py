"""Show the operations of an OpenAPI document: what each takes, what it answers, and how to call it."""

from collections.abc import Iterator
from typing import Any

from api.docs.calls import Operation, anchor_of, body_of, curl
from api.docs.html import Html, markup, prose, tag
from api.docs.types import Schema, fields, kind, name_of, named, note, row, table

NAMES = {"graphql": "GraphQL"}
PLACES = ("path", "query", "header", "cookie")


def contents(found: dict[str, list[Operation]], types: dict[str, Schema]) -> Iterator[Html]:
    """List everything that stands on the page."""
    for name, held in found.items():
        yield tag("h2", tag("a", _title(name), href=f"#of-{anchor_of(name)}"))
        yield tag("ul", [tag("li", tag("a", _badge(each), _path(each.path), href=f"#{each.anchor}")) for each in held])
    yield tag("h2", tag("a", "Types", href="#types"))
    yield tag("ul", [tag("li", tag("a", name, href=f"#type-{name}")) for name in sorted(types)])


def section(name: str, held: list[Operation], types: dict[str, Schema], url: str) -> Html:
    """Show the operations of one tag."""
    shown = [_operation(each, types, url) for each in held]
    return tag("section", tag("h2", _title(name)), shown, id=f"of-{anchor_of(name)}")


def type_section(types: dict[str, Schema]) -> Html:
    """Show every named type."""
    shown = [tag("article", tag("h3", name), fields(types[name]), id=f"type-{name}") for name in sorted(types)]
    return tag("section", tag("h2", "Types"), shown, id="types")


def _title(name: str) -> str:
    return NAMES.get(name, name.capitalize())


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


def _answered(held: dict[str, Any]) -> Html:
    """Name what an answer is; a file has no schema."""
    return kind(held["schema"]) if "schema" in held else markup("bytes")


def _answers(operation: Operation) -> Html:
    rows = [
        row("problem" if status == "default" else status, _answered(held), tag("code", media_type))
        for status, answer in operation.spec["responses"].items()
        for media_type, held in answer.get("content", {}).items()
    ]
    return markup([tag("h4", "Answers"), table(rows)])
