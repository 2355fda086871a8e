"""Show a model what a schema asks for: shallow, input only, no references, no circles, in few words.

What is shown is JSON Schema 2020-12 that says less than the schema itself, never more. Whatever is left out is counted
in ``cut``: properties, values, alternatives. A list of values that is cut stands as ``examples`` instead of ``enum``.
"""

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters.openapi.files import describes_file
from adapters.openapi.prose import is_plain, plain_text
from adapters.openapi.references import Unusable, list_of, object_of, target
from domain.encoding import encode

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_FORMAT = re.compile(r"[a-z0-9][a-z0-9._-]{0,30}", re.IGNORECASE)
_LONGEST_NAME = 128
_LONGEST_PATTERN = 60
_LONGEST_VALUE = 60
_TELLING = 1000
_MOST_REFERENCES = 50
A_FILE = {
    "properties": {"blob": {"type": "string", "description": "SHA-256 of a stored file"}, "text": {"type": "string"}},
}
"""Shows, in short, how a file is written (`adapters.openapi.files`)."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Bound what is shown: levels of properties, characters of a description, and how many of each kind.

    ``within`` tells that an alternative is being shown: further alternatives in it are only counted.
    """

    depth: int = 2
    text: int = 56
    properties: int = 60
    values: int = 12
    alternatives: int = 4
    within: bool = False

    def below(self) -> "Bounds":
        """Return the bounds one level deeper, where less is said."""
        fewer = max(10, self.properties // 2)
        return replace(self, depth=self.depth - 1, text=self.text * 3 // 4, properties=fewer, within=False)


def shown(tree: dict[str, Any], schema: Any, bounds: Bounds) -> dict[str, Any]:
    """Return what a model is shown of a schema; the empty schema where anything may be passed or nothing is said."""
    whole = resolved(tree, schema)
    if describes_file(whole):
        return described(A_FILE, whole.get("description"), bounds.text)
    view = {**_facts(whole, bounds), **_members(tree, whole, bounds), **_items(tree, whole, bounds)}
    view = _nullable(_with_alternatives(tree, whole, view, bounds), whole)
    return described(short(view), whole.get("description"), bounds.text)


def short(view: dict[str, Any]) -> dict[str, Any]:
    """Return a view without the type that its properties imply."""
    implied = view.get("type") == "object" and "properties" in view
    return {key: view[key] for key in view if key != "type"} if implied else view


def described(view: dict[str, Any], description: object, most: int) -> dict[str, Any]:
    """Return a view with a short description, unless it has one already."""
    text = plain_text(description, most)
    return {**view, "description": text} if text else view


def resolved(tree: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Return a schema with its references followed and its ``allOf`` made one; a circle among them ends."""
    return _gathered(tree, schema, set())


def _gathered(tree: dict[str, Any], schema: Any, seen: set[str]) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    parts: list[Any] = []
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen and len(seen) < _MOST_REFERENCES:
        # What was joined once adds nothing when it is joined again.
        seen.add(reference)
        parts.append(_target(tree, reference))
    parts += list_of(schema, "allOf")
    if not parts and not isinstance(reference, str):
        return schema
    joined: dict[str, Any] = {}
    for part in parts:
        joined = _joined(joined, _gathered(tree, part, seen))
    return _joined(joined, {key: value for key, value in schema.items() if key not in ("$ref", "allOf")})


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    joined = {**first, **second}
    ours, theirs = object_of(first, "properties"), object_of(second, "properties")
    if ours and theirs:
        both = {name: {"allOf": [ours[name], theirs[name]]} for name in ours.keys() & theirs.keys()}
        joined["properties"] = {**ours, **theirs, **both}
    if list_of(first, "required") and list_of(second, "required"):
        joined["required"] = [*first["required"], *second["required"]]
    return joined


def _target(tree: dict[str, Any], reference: str) -> Any:
    try:
        return target(tree, reference)
    except Unusable:
        return {}


def _facts(whole: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    kind = whole.get("type")
    if kind in _TYPES if isinstance(kind, str) else isinstance(kind, list) and kind and all(_is_type(k) for k in kind):
        facts["type"] = kind
    facts |= {key: whole[key] for key in _NUMBERS if _is_number(whole.get(key))}
    facts |= {key: whole[key] for key in _COUNTS if _is_telling(whole.get(key))}
    if _FORMAT.fullmatch(str(whole.get("format", ""))):
        facts["format"] = whole["format"]
    pattern = whole.get("pattern")
    if isinstance(pattern, str) and len(pattern) <= _LONGEST_PATTERN and is_plain(pattern):
        facts["pattern"] = pattern
    facts |= {key: whole[key] for key in ("const", "default") if whole.get(key) is not None and _is_short(whole[key])}
    return _modern_bounds(_with_values(facts, list_of(whole, "enum"), bounds), whole)


def _with_values(facts: dict[str, Any], values: list[Any], bounds: Bounds) -> dict[str, Any]:
    if not values:
        return facts
    kept = [value for value in values[: bounds.values] if _is_short(value)]
    if len(kept) < len(values):
        return {**facts, "examples": kept, "cut": len(values) - len(kept)}
    # Values say their type themselves.
    return {**{key: facts[key] for key in facts if key != "type"}, "enum": kept}


def _modern_bounds(facts: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Say in JSON Schema 2020-12 what OpenAPI 3.0 says with boolean exclusive bounds."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if whole.get(exclusive) is True and bound in facts:
            facts[exclusive] = facts.pop(bound)
    return facts


def _members(tree: dict[str, Any], whole: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    properties, others = object_of(whole, "properties"), whole.get("additionalProperties")
    if properties and bounds.depth <= 0:
        return {"type": "object", "cut": len(properties)}
    view = _properties(tree, whole, properties, bounds) if properties else {}
    if isinstance(others, dict) and others and not properties:
        view = {"type": "object", "cut": 1}
        if bounds.depth >= 0:
            view = {"type": "object", "additionalProperties": shown(tree, others, bounds.below())}
    return view


def _properties(
    tree: dict[str, Any], whole: dict[str, Any], properties: dict[str, Any], bounds: Bounds
) -> dict[str, Any]:
    """Show an object's properties that a client may set, the required ones first where not all have room."""
    wholes = {name: resolved(tree, each) for name, each in properties.items()}
    inputs = [name for name, each in wholes.items() if each.get("readOnly") is not True]
    asked = [name for name in list_of(whole, "required") if isinstance(name, str)]
    named = [name for name in inputs if is_plain(name) and len(name) <= _LONGEST_NAME]
    kept = sorted(named, key=lambda name: name not in asked)[: bounds.properties]
    view: dict[str, Any] = {"type": "object"}
    if kept:
        view["properties"] = {name: shown(tree, wholes[name], bounds.below()) for name in kept}
    required = [name for name in kept if name in asked]
    return _counted({**view, "required": required} if required else view, len(inputs) - len(kept))


def _items(tree: dict[str, Any], whole: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    first = list_of(whole, "prefixItems") or list_of(whole, "items")
    if first:
        return _tuple(tree, first, whole, bounds)
    if not isinstance(whole.get("items"), dict):
        return {}
    if bounds.depth < 0:
        return {"type": "array", "cut": 1}
    items = resolved(tree, whole["items"])
    # An object within an array stands at the array's own level; an array within one, a level deeper.
    deep = bounds if object_of(items, "properties") else bounds.below()
    return {"type": "array", "items": shown(tree, items, replace(deep, within=False))}


def _tuple(tree: dict[str, Any], first: list[Any], whole: dict[str, Any], bounds: Bounds) -> dict[str, Any]:
    """Show what each of the first items is, and whether there may be others; of those nothing more is said."""
    if bounds.depth < 0:
        return {"type": "array", "cut": len(first)}
    kept = [shown(tree, each, bounds.below()) for each in first[: bounds.alternatives]]
    view = _counted({"type": "array", "prefixItems": kept}, len(first) - len(kept))
    ends = False in (whole.get("items"), whole.get("additionalItems")) and len(kept) == len(first)
    return {**view, "items": False} if ends else view


def _with_alternatives(
    tree: dict[str, Any], whole: dict[str, Any], view: dict[str, Any], bounds: Bounds
) -> dict[str, Any]:
    for key in ("anyOf", "oneOf"):
        alternatives = list_of(whole, key)
        if alternatives and bounds.within:
            view = _counted(view, len(alternatives))
        elif alternatives:
            view = _joined_with(view, _alternatives(tree, alternatives, replace(bounds, within=True)))
    return view


def _alternatives(tree: dict[str, Any], alternatives: list[Any], bounds: Bounds) -> list[dict[str, Any]]:
    """Show the first alternatives, each once; the last one stands for those that are left out, and admits all."""
    kept = [shown(tree, each, bounds) for each in alternatives[: bounds.alternatives]]
    different = [each for index, each in enumerate(kept) if each not in kept[:index]]
    hidden = len(alternatives) - len(kept)
    return [*different, {"cut": hidden}] if hidden else different


def _joined_with(view: dict[str, Any], alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    if {} in alternatives:
        return view  # anything will do
    if len(alternatives) == 1 and not view.keys() & alternatives[0].keys():
        return {**view, **alternatives[0]}
    return {**view, "allOf": [{"anyOf": alternatives}]} if "anyOf" in view else {**view, "anyOf": alternatives}


def _nullable(view: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Admit null where OpenAPI 3.0 says ``nullable``."""
    if whole.get("nullable") is not True or not view:
        return view
    if isinstance(view.get("type"), str) and not {"anyOf", "enum", "const"} & view.keys():
        return {**view, "type": [view["type"], "null"]}
    return {"anyOf": [view, {"type": "null"}]}


def _counted(view: dict[str, Any], hidden: int) -> dict[str, Any]:
    return {**view, "cut": view.get("cut", 0) + hidden} if hidden > 0 else view


def _is_type(kind: object) -> bool:
    return isinstance(kind, str) and kind in _TYPES


def _is_number(value: object) -> bool:
    """Tell whether a bound can be shown; real documents hold bounds written as strings."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_telling(value: object) -> bool:
    """Tell whether a length helps a model: not where it is too large to be reached by chance."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _TELLING


def _is_short(value: object) -> bool:
    match value:
        case str():
            return len(value) <= _LONGEST_VALUE and is_plain(value)
        case dict() | list():
            return len(encode(value)) <= _LONGEST_VALUE and is_plain(str(value))
        case _:
            return True
