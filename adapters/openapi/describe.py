"""Tell more about an operation than the short view does: all it says of itself, and its arguments in depth."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from adapters.openapi.media import is_file, preferred
from adapters.openapi.model import PLACES, Operation
from adapters.openapi.prose import plain_text
from adapters.openapi.references import list_of, object_of
from adapters.openapi.shapes import A_FILE, Bounds, resolved, shown
from adapters.openapi.view import fitting, grouped
from domain.encoding import encode
from domain.errors import Invalid
from domain.pointers import unescaped

DEEPEST = 8
MOST_BYTES = 16 * 1024
_FULL = 4_000
_PAGES = "Its answer comes in pages: `pages` beside the other arguments reads so many, as {pages: [...], ended: why}."
_MOST_TOKENS = 20
_NAMED = 20
_NARROWER = (Bounds(depth=1, text=80, properties=60), Bounds(depth=0, text=0, properties=20, values=10))


def full_description(operation: Operation) -> str:
    """Return all that an operation says of itself, in one plain line, and what its argument ``pages`` does."""
    summary, said = plain_text(operation.summary, _FULL), plain_text(operation.description, _FULL)
    whole = said if said.startswith(summary) else f"{summary.rstrip('.')}. {said}".strip()
    said = f"Deprecated. {whole}"[:_FULL] if operation.deprecated else whole[:_FULL]
    return f"{said} {_PAGES}".strip() if operation.pages else said


def arguments_at(tree: dict[str, Any], operation: Operation, at: str, depth: int) -> dict[str, Any]:
    """Return the schema of what stands at a JSON pointer into the arguments, ``depth`` levels of it as far as they fit.

    Raises Invalid where there is nothing, naming what there is.
    """
    tokens = _tokens(at)
    if not tokens:
        return _deepest(lambda bounds: grouped(tree, operation, bounds), depth)
    if len(tokens) == 1 and tokens[0] in (*PLACES, "pages"):
        return _deepest(lambda bounds: _group(tree, operation, tokens[0], at, bounds), depth)
    schema, rest = _entry(operation, tokens, at)
    for token in rest:
        schema = _within(tree, schema, token, at)
    return _deepest(lambda bounds: shown(tree, schema, bounds), depth)


def _deepest(view: Callable[[Bounds], dict[str, Any]], depth: int) -> dict[str, Any]:
    """Return the deepest view that fits, level by level: what is far too deep to fit may be far too much to make."""
    found: dict[str, Any] | None = None
    for each in range(1, max(1, min(depth, DEEPEST)) + 1):
        deeper = view(Bounds(depth=each, text=300, properties=200, values=100, alternatives=12))
        if len(encode(deeper)) > MOST_BYTES:
            break
        found = deeper
    return fitting(view, [(bounds, MOST_BYTES) for bounds in _NARROWER]) if found is None else found


def _tokens(at: str) -> list[str]:
    if at and not at.startswith("/"):
        raise Invalid(f"Expected a JSON pointer into the arguments such as /body/items/0, but got {at[:100]!r}.")
    tokens = [unescaped(unquote(each)) for each in at.split("/")[1:]]
    if len(tokens) > _MOST_TOKENS:
        raise Invalid(f"Expected a JSON pointer of at most {_MOST_TOKENS} parts, but it has {len(tokens)}.")
    return tokens


def _group(tree: dict[str, Any], operation: Operation, place: str, at: str, bounds: Bounds) -> dict[str, Any]:
    groups: dict[str, Any] = grouped(tree, operation, bounds)["properties"]
    if place not in groups:
        raise _nothing(at, place, groups)
    group: dict[str, Any] = groups[place]
    return group


def _entry(operation: Operation, tokens: list[str], at: str) -> tuple[Any, list[str]]:
    """Return the schema of the body or of a parameter, and the tokens that lead on from there."""
    place, *rest = tokens
    if place == "body" and operation.body and operation.body.contents:
        content = preferred(operation.body.contents)
        return (A_FILE if is_file(content.media_type) else content.schema), rest
    members = {each.name: each.schema for each in operation.parameters if each.place == place}
    if not rest or rest[0] not in members:
        there = members or {*(each.place for each in operation.parameters), *(["body"] if operation.body else [])}
        raise _nothing(at, rest[0] if rest and members else place, there)
    return members[rest[0]], rest[1:]


def _within(tree: dict[str, Any], schema: Any, token: str, at: str) -> Any:
    """Return the schema of what a value of a schema holds under a key, or at a place of a list."""
    names: dict[str, None] = {}
    for whole in _forms(tree, schema):
        properties = object_of(whole, "properties")
        if token in properties:
            return properties[token]
        items, others = whole.get("items"), whole.get("additionalProperties")
        if isinstance(items, dict) and (token in ("-", "*") or token.isdecimal()):
            return items
        if isinstance(others, dict) and others:
            return others
        names |= dict.fromkeys(properties)
    raise _nothing(at, token, names)


def _forms(tree: dict[str, Any], schema: Any) -> list[dict[str, Any]]:
    """Return a schema, and after it its alternatives."""
    whole = resolved(tree, schema)
    return [whole, *(resolved(tree, each) for key in ("anyOf", "oneOf") for each in list_of(whole, key))]


def _nothing(at: str, token: str, there: Any) -> Invalid:
    names = ", ".join(sorted(map(str, there))[:_NAMED]) or "nothing below it"
    return Invalid(f"Expected a place in the arguments, but {at[:200]!r} leads nowhere at {token[:80]!r}: {names}.")
