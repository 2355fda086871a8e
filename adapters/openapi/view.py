"""Show a model an operation: its arguments grouped by place, shallow, within bounds; more of them on request."""

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

import msgspec

from adapters.openapi.media import essence, is_file, preferred
from adapters.openapi.model import PAGES, PLACES, Body, Operation, Parameter
from adapters.openapi.prose import plain_text
from adapters.openapi.shapes import A_FILE, Bounds, described, short, shown
from domain.catalog.events import Tool
from domain.encoding import canonical, encode

MAX_BYTES = 4 * 1024
DESCRIPTION = 200
SHALLOW = (
    (Bounds(text=96), 600),
    (Bounds(text=48), 3 * 1024),
    (Bounds(text=48, properties=30), MAX_BYTES),
    (Bounds(depth=1, text=40), MAX_BYTES),
    (Bounds(depth=1, text=0, properties=25, values=4), MAX_BYTES),
    (Bounds(depth=0, text=0, properties=10, values=2, alternatives=2), MAX_BYTES),
)
"""The bounds of a model's view, the most telling first, each with the bytes that it may take."""
_ANYTHING = {"type": "object"}


class ViewSizes(msgspec.Struct, frozen=True, kw_only=True):
    """Say how many bytes of JSON a model is sent for all tools together, and for the one in the middle."""

    total: int = 0
    median: int = 0


def view_sizes(tools: Iterable[Tool]) -> ViewSizes:
    """Measure tools as they are sent to a model: name, description and parameters."""
    sizes = [view_bytes(tool) for tool in tools]
    return ViewSizes(total=sum(sizes), median=int(median(sizes))) if sizes else ViewSizes()


def view_bytes(tool: Tool) -> int:
    """Return the bytes of JSON that show a tool to a model."""
    return len(canonical({"name": tool.name, "description": tool.description, "parameters": tool.parameters}))


def description_view(operation: Operation) -> str:
    """Return what an operation does, in one plain line."""
    said = plain_text(operation.summary, DESCRIPTION) or plain_text(operation.description, DESCRIPTION)
    return f"Deprecated. {said}"[:DESCRIPTION] if operation.deprecated else said


def parameters_view(tree: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's arguments: the most telling view of at most 4 KiB."""
    return fitting(lambda bounds: grouped(tree, operation, bounds), SHALLOW)


def fitting(view: Callable[[Bounds], dict[str, Any]], choices: Iterable[tuple[Bounds, int]]) -> dict[str, Any]:
    """Return the first view that takes no more than its bytes, or where none does, what the last has at its top."""
    found: dict[str, Any] = {}
    for bounds, most in choices:
        found = view(bounds)
        if len(encode(found)) <= most:
            return found
    within = {name: {"cut": 1} for name in found.get("properties", {})}
    return {**_object(within, found.get("required", [])), "cut": 1}


def grouped(tree: dict[str, Any], operation: Operation, bounds: Bounds) -> dict[str, Any]:
    """Return the schema of an operation's arguments within bounds: an object with a property for each group."""
    groups: dict[str, Any] = {}
    required: list[str] = []
    for place in PLACES:
        members = [each for each in operation.parameters if each.place == place]
        if members:
            groups[place] = _group(tree, members, bounds)
            required += [place] if groups[place].get("required") else []
    body = operation.body and operation.body.contents and body_view(tree, operation.body, bounds)
    if body and operation.body and (operation.body.required or body != _ANYTHING):
        groups["body"] = body
        required += ["body"] if operation.body.required else []
    if operation.pages:
        groups["pages"] = PAGES
    return _object(groups, required)


def body_view(tree: dict[str, Any], body: Body, bounds: Bounds) -> dict[str, Any]:
    """Return what a model is shown of a body: its schema, or where it is no JSON and no form, a file."""
    content = preferred(body.contents)
    if is_file(content.media_type):
        return described(A_FILE, essence(content.media_type), bounds.text)
    return shown(tree, content.schema, bounds)


def _group(tree: dict[str, Any], members: list[Parameter], bounds: Bounds) -> dict[str, Any]:
    kept = sorted(members, key=lambda each: not each.required)[: bounds.properties]
    view = _object({each.name: _parameter(tree, each, bounds.below()) for each in kept}, _required(kept))
    return short({**view, "cut": len(members) - len(kept)} if len(kept) < len(members) else view)


def _required(members: list[Parameter]) -> list[str]:
    return [each.name for each in members if each.required]


def _parameter(tree: dict[str, Any], parameter: Parameter, bounds: Bounds) -> dict[str, Any]:
    return described(shown(tree, parameter.schema, bounds), parameter.description, bounds.text)


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    view = {"type": "object", "properties": properties}
    return {**view, "required": required} if required else view
