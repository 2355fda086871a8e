"""An answer may grow, but what clients read of it stays where it was, and what it was."""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.schemas.breaking import FIXED, types_of
from api.schemas.describe import Schema
from api.schemas.reading import unreadable
from tests.api.schemas.test_breaking import TEXT, WHOLE, changed, documents, fields, inside, written

NULLABLE = {"anyOf": [TEXT, {"type": "null"}]}
READABLE: dict[str, tuple[Schema, Schema]] = {
    "nothing": (fields("a", a=TEXT), fields("a", a=TEXT)),
    "a field is added": (fields("a", a=TEXT), fields("a", "b", a=TEXT, b=TEXT)),
    "a field is always there": (fields(a=TEXT), fields("a", a=TEXT)),
    "a value is added": (fields("a", a={"enum": ["x"]}), fields("a", a={"enum": ["x", "y"]})),
    "a choice is open": ({"enum": ["x"]}, TEXT),
    "an alternative is removed": (NULLABLE, TEXT),
    "numbers become whole": ({"type": "number"}, WHOLE),
    "alternatives change places": (NULLABLE, {"anyOf": [{"type": "null"}, TEXT]}),
    "a format is added": (TEXT, {**TEXT, "format": "uuid"}),
}
UNREADABLE: dict[str, tuple[Schema, Schema, str, str]] = {
    "a field is removed": (fields(a=TEXT), fields(), "/a", "the field is removed"),
    "a field may be missing": (fields("a", a=TEXT), fields(a=TEXT), "/a", "the field may be missing now"),
    "null": (fields("a", a=TEXT), fields("a", a=NULLABLE), "/a", "the type null may come now"),
    "another type": (fields("a", a=TEXT), fields("a", a=WHOLE), "/a", "the type integer may come now"),
    "anything": (TEXT, {}, "", "the type object may come now"),
    "a value of another type": ({"enum": ["x"]}, {"enum": ["x", 1]}, "", "the type integer may come now"),
    "an item": ({"type": "array", "items": TEXT}, {"type": "array", "items": WHOLE}, "/*", "the type integer"),
    "another constant": ({"const": "x"}, {"const": "y"}, "", "it may be other than x now"),
    "a format is dropped": ({**TEXT, "format": "uuid"}, TEXT, "", "format was uuid"),
    "another default": (fields(a={"default": 1}), fields(a={"default": 2}), "/a", "left out it stands for 2 now"),
    "a field among others": (
        {**fields(), "additionalProperties": TEXT},
        {**fields(a=WHOLE), "additionalProperties": TEXT},
        "/a",
        "the type integer may come now",
    ),
    "within a reference": (
        inside({"$ref": "#/$defs/A"}, A=fields("a", a=TEXT)),
        inside({"$ref": "#/$defs/A"}, A=fields(a=TEXT)),
        "/data/a",
        "the field may be missing now",
    ),
    "a keyword that nobody compares": (WHOLE, {**WHOLE, "multipleOf": 2}, "", "multipleOf cannot be compared"),
}


@pytest.mark.parametrize("change", READABLE)
def test_an_answer_that_only_says_more_stays_readable(change: str) -> None:
    assert unreadable(*READABLE[change]) == ()


@pytest.mark.parametrize("change", UNREADABLE)
def test_what_cannot_be_read_is_named_with_its_place(change: str) -> None:
    old, new, path, what = UNREADABLE[change]
    found = unreadable(old, new)
    assert any(each.path == path and what in each.what for each in found), found


def as_clients_read(schema: Any) -> Any:
    """Return a schema that takes each new value of a choice, and looks at no bounds."""
    match schema:
        case {"enum": _}:
            return {"type": sorted(types_of(schema))} if schema["enum"] else schema
        case dict():
            kept = {
                "$ref",
                "anyOf",
                "const",
                "type",
                "items",
                "properties",
                "required",
                "additionalProperties",
                "$defs",
            }
            return {key: _inner(key, held) for key, held in schema.items() if key in {*kept, *FIXED}}
        case _:
            return schema


def _inner(key: str, held: Any) -> Any:
    match key:
        case "properties" | "$defs":
            return {name: as_clients_read(each) for name, each in held.items()}
        case "anyOf":
            return [as_clients_read(each) for each in held]
        case "items" | "additionalProperties":
            return as_clients_read(held)
        case _:
            return held


@settings(max_examples=100, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_where_all_is_readable_clients_take_whatever_comes(data: st.DataObject) -> None:
    old = data.draw(documents())
    new = data.draw(
        st.one_of(
            documents(), changed(old["properties"]["data"]).map(lambda each: {**old, **fields("data", data=each)})
        )
    )
    found = unreadable(old, new)
    event("unreadable" if found else "readable")
    instance = data.draw(written(new, new))
    assert found or Draft202012Validator(as_clients_read(old)).is_valid(instance)
