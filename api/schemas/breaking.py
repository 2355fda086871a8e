"""Find what a changed schema breaks for everything that was written by the old one.

What was valid under the old schema must be valid under the new one, and mean the same. So a field may be added if it
may be left out, and types, values and bounds may become wider; no field may be removed, demanded anew, or stand for
something else where it is left out. Writers are ours: they write no field that their schema does not name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.schemas.describe import Schema
from domain.encoding import canonical
from domain.pointers import pointer

TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
NOTHING: Schema = {"enum": []}
MOST_CHARACTERS = 60
BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda old, new: old >= new,
    "minLength": lambda old, new: old >= new,
    "maximum": lambda old, new: old <= new,
    "maxLength": lambda old, new: old <= new,
}
"""Bound -> whether what keeps to the old one keeps to the new one."""
FIXED = ("format", "pattern")
"""May be dropped, but not changed."""
NOTES = frozenset(("$comment", "$defs", "$id", "$schema", "default", "description", "title"))
"""Allow and refuse nothing by themselves."""
_OF_TYPE = Draft202012Validator({})
COMPARED = {*BOUNDS, *FIXED, "type", "const", "enum", "items", "properties", "required", "additionalProperties"}


@dataclass(frozen=True)
class Break:
    """Name one break; ``path`` is a JSON pointer into what is described, ``*`` stands for every item or other field."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"at {self.path}: {self.what}" if self.path else self.what


@dataclass(frozen=True)
class Place:
    """Hold both schemas at one place, with the documents that their references lead into."""

    roots: tuple[Schema, Schema]
    old: Schema
    new: Schema
    path: str = ""
    seen: frozenset[str] = frozenset()

    def at(self, old: Any, new: Any, *names: str) -> "Place":
        """Go to schemas further inside, or to an alternative at the same place."""
        path = self.path + pointer(*names)
        old, new = _resolved(old, self.roots[0]), _resolved(new, self.roots[1])
        pair = repr((old, new))
        if pair in self.seen:  # a type that holds itself: compared already, further out
            old = new = {}
        return Place(self.roots, old, new, path, self.seen | {pair})

    def broken(self, what: str) -> Break:
        """Say that something is broken here."""
        return Break(self.path, what)


def breaking(old: Schema, new: Schema) -> tuple[Break, ...]:
    """Return everything that a new schema breaks: nothing, where all that was written by the old one still counts."""
    return tuple(dict.fromkeys(_breaks(Place((old, new), old, new))))


def _breaks(here: Place) -> Iterator[Break]:
    old, new = here.old, here.new
    if strange := uncompared(old) | uncompared(new):
        yield here.broken(f"{', '.join(sorted(strange))} cannot be compared")
    elif "anyOf" in old:
        for each in old["anyOf"]:
            yield from _breaks(here.at(each, new))
    elif "anyOf" in new:
        # What fits one alternative fits; else the nearest one says why not.
        yield from min((list(_breaks(here.at(old, each))) for each in new["anyOf"]), key=len)
    elif "enum" in old or "const" in old:
        yield from _refused_values(here)
    elif "enum" in new or "const" in new:
        yield here.broken(f"only {' or '.join(map(_text, values_of(new))) or 'nothing'} is allowed now")
    else:
        yield from _narrowed(here)
        yield from _fields(here)
        yield from _others(here)


def _refused_values(here: Place) -> Iterator[Break]:
    validator = Draft202012Validator({**here.new, "$defs": here.roots[1].get("$defs", {})})
    for value in values_of(here.old):
        if not validator.is_valid(value):
            yield here.broken(f"the value {_text(value)} is refused now")


def _narrowed(here: Place) -> Iterator[Break]:
    for kind in sorted(types_of(here.old) - types_of(here.new)):
        yield here.broken(f"the type {kind} is refused now")
    for keyword, keeps in BOUNDS.items():
        old, new = here.old.get(keyword), here.new.get(keyword)
        if new is not None and (old is None or not keeps(old, new)):
            yield here.broken(f"{keyword} is {new} now" + (f", and was {old}" if old is not None else ""))
    for keyword in FIXED:
        if keyword in here.new and here.new[keyword] != here.old.get(keyword):
            yield here.broken(f"{keyword} is {here.new[keyword]} now")


def _fields(here: Place) -> Iterator[Break]:
    old, new = here.old.get("properties", {}), here.new.get("properties", {})
    for name in old:
        if name in new:
            yield from _breaks(here.at(old[name], new[name], name))
            yield from meaning_of(here, name)
        else:
            yield here.at({}, {}, name).broken("the field is removed")
    for name in new:
        if name not in old and "additionalProperties" in here.old:
            yield from _breaks(here.at(here.old["additionalProperties"], new[name], name))
    for name in sorted({*here.new.get("required", ())} - {*here.old.get("required", ())}):
        yield here.at({}, {}, name).broken("the field is required now")


def meaning_of(here: Place, name: str) -> Iterator[Break]:
    """Compare what a field stands for where it is left out."""
    was, now = (each["properties"][name].get("default", "nothing") for each in (here.old, here.new))
    required = {*here.old.get("required", ()), *here.new.get("required", ())}
    if name not in required and not _keeps(was, now):
        yield here.at({}, {}, name).broken(f"left out it stands for {_text(now)} now, and stood for {_text(was)}")


def _keeps(was: Any, now: Any) -> bool:
    """Tell whether a default still says all that it said; a field that is new in stood for that before."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(name in now and _keeps(was[name], now[name]) for name in was)
    return canonical(was) == canonical(now)


def _others(here: Place) -> Iterator[Break]:
    """Compare the items of arrays, and the fields that are not named."""
    for keyword in ("items", "additionalProperties"):
        if keyword in here.old or keyword in here.new:
            yield from _breaks(here.at(here.old.get(keyword, {}), here.new.get(keyword, {}), "*"))


def _resolved(schema: Any, root: Schema) -> Schema:
    if isinstance(schema, bool):
        return {} if schema else NOTHING
    if "$ref" not in schema or {*schema} - NOTES - {"$ref"}:
        return dict(schema)
    name = schema["$ref"].removeprefix("#/$defs/")
    return _resolved(root["$defs"][name], root)


def uncompared(schema: Schema) -> set[str]:
    """Return the keywords that are not compared."""
    return {*schema} - NOTES - ({"anyOf"} if "anyOf" in schema else COMPARED)


def values_of(schema: Schema) -> list[Any]:
    """Return the values of a choice."""
    return list(schema["enum"]) if "enum" in schema else [schema["const"]]


def types_of(schema: Schema) -> frozenset[str]:
    """Return the types that a value may have; a whole number is a number too."""
    if "enum" in schema or "const" in schema:
        return frozenset(kind for value in values_of(schema) for kind in TYPES if _OF_TYPE.is_type(value, kind))
    named = schema.get("type", TYPES)
    types = frozenset((named,) if isinstance(named, str) else named)
    return types | {"integer"} if "number" in types else types


def _text(value: Any) -> str:
    text = canonical(value).decode()
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
