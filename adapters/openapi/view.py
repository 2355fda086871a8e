"""Show a model what it may pass: a small JSON Schema with references inlined to a shallow depth, input only."""

from typing import Any

from adapters.openapi.media import json_content
from adapters.openapi.model import PLACES, Operation
from adapters.openapi.references import Unusable, list_of, target
from domain.encoding import canonical

MAX_BYTES = 8 * 1024
_TEXT = 200
_COPIED = frozenset(
    {"type", "enum", "const", "format", "default", "required", "pattern", "minLength", "maxLength"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minItems", "maxItems", "uniqueItems"}
)
_NUMBERS = frozenset(key for key in _COPIED if key.startswith(("min", "max", "exclusive", "multiple")))


def parameters_view(tree: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's arguments, the deepest view of at most 8 KiB."""
    for depth in (3, 2, 1):
        view = _grouped(tree, operation, depth)
        if len(canonical(view)) <= MAX_BYTES:
            return view
    return _grouped(tree, operation, 0, bare=True)


def _grouped(tree: dict[str, Any], operation: Operation, depth: int, bare: bool = False) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    required: list[str] = []
    for place in PLACES:
        members = [each for each in operation.parameters if each.place == place]
        if bare:
            members = [each for each in members if each.required]
        needed = [each.name for each in members if each.required]
        if members:
            shown = {each.name: _described(_view(tree, each.schema, depth, ()), each.description) for each in members}
            groups[place] = _object(shown, needed)
        if needed:
            required.append(place)
    if operation.body and (content := json_content(operation.body)):
        groups["body"] = {"type": "object"} if bare else _view(tree, content.schema, depth, ())
        required += ["body"] if operation.body.required else []
    return _object(groups, required)


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _described(view: Any, description: str) -> Any:
    text = description.strip()[:_TEXT]
    return {**view, "description": text} if text and isinstance(view, dict) else view


def _view(tree: dict[str, Any], schema: Any, depth: int, inside: tuple[str, ...]) -> Any:
    if not isinstance(schema, dict):
        return schema is not False
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference in inside or len(inside) >= depth:
            return _closed(tree, reference)
        return _view(tree, _target(tree, reference), depth, (*inside, reference))
    view = {key: value for key, value in schema.items() if key in _COPIED and _well_formed(key, value)}
    view |= _nested(tree, schema, depth, inside)
    return _described(_modern(view, schema), str(schema.get("description") or ""))


def _well_formed(key: str, value: Any) -> bool:
    """Tell whether a keyword can be shown; real documents hold bounds written as strings."""
    return key not in _NUMBERS or isinstance(value, int | float)


def _nested(tree: dict[str, Any], schema: dict[str, Any], depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        shown = {name: each for name, each in properties.items() if not _read_only(each)}
        nested["properties"] = {name: _view(tree, each, depth, inside) for name, each in shown.items()}
        required = [name for name in list_of(schema, "required") if isinstance(name, str)]
        nested["required"] = [name for name in required if name in shown or name not in properties]
    for key in ("items", "additionalProperties"):
        if key in schema:
            nested[key] = _view(tree, schema[key], depth, inside)
    for key in ("allOf", "anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            nested[key] = [_view(tree, each, depth, inside) for each in schema[key]]
    return nested


def _modern(view: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Say in JSON Schema 2020-12 what OpenAPI 3.0 says with nullable and boolean bounds."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(view.get(exclusive), bool):
            strict = view.pop(exclusive)
            if strict and bound in view:
                view[exclusive] = view.pop(bound)
    if isinstance(view.get("required"), bool):
        del view["required"]
    if schema.get("nullable") is True:
        return {"anyOf": [view, {"type": "null"}]}
    return view


def _read_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("readOnly") is True


def _closed(tree: dict[str, Any], reference: str) -> dict[str, Any]:
    found = _target(tree, reference)
    kind = found.get("type") if isinstance(found, dict) else None
    name = {"title": reference.rpartition("/")[2]}
    return {"type": kind, **name} if kind else name


def _target(tree: dict[str, Any], reference: str) -> Any:
    try:
        return target(tree, reference)
    except Unusable:
        return {}
