"""A changed schema breaks what was written by the old one, or it does not: both are said, with the place."""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.schemas.breaking import Break, breaking
from api.schemas.describe import Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}


def fields(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def inside(schema: Schema, **definitions: Schema) -> Schema:
    return {**fields("data", data=schema), "$defs": definitions}


COMPATIBLE: dict[str, tuple[Schema, Schema]] = {
    "a field that may be left out is added": (fields("a", a=TEXT), fields("a", a=TEXT, b={**WHOLE, "default": 0})),
    "a demanded field may be left out": (fields("a", a=TEXT), fields(a={**TEXT, "default": ""})),
    "a value is added": ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    "a constant becomes a choice": ({"const": "a"}, {"enum": ["a", "b"]}),
    "a choice becomes any text": ({"enum": ["a", "b"]}, TEXT),
    "whole numbers become numbers": (WHOLE, {"type": "number"}),
    "a bound is widened": ({**WHOLE, "minimum": 1, "maximum": 5}, {**WHOLE, "minimum": 0, "maximum": 9}),
    "a bound is dropped": ({**TEXT, "maxLength": 5}, TEXT),
    "a format is dropped": ({**TEXT, "format": "uuid"}, TEXT),
    "null is admitted": (TEXT, {"anyOf": [TEXT, {"type": "null"}]}),
    "an alternative is added": ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [{"type": "null"}, WHOLE, TEXT]}),
    "anything is admitted": (TEXT, {}),
    "other words are found": ({**TEXT, "description": "so"}, {**TEXT, "description": "or so", "title": "T"}),
    "unknown fields are admitted": ({**fields(), "additionalProperties": False}, fields()),
    "a default says more": (fields(a={"default": {"b": 1}}), fields(a={"default": {"b": 1, "c": None}})),
    "a type is renamed": (
        inside({"$ref": "#/$defs/A"}, A=fields(a=TEXT)),
        inside({"$ref": "#/$defs/B"}, B=fields(a=TEXT)),
    ),
}
BROKEN: dict[str, tuple[Schema, Schema, str, str]] = {
    "a field is removed": (fields(a=TEXT), fields(), "/a", "the field is removed"),
    "a field is renamed": (fields(a=TEXT), fields(b=TEXT), "/a", "the field is removed"),
    "a field is demanded": (fields(a=TEXT), fields("a", a=TEXT), "/a", "the field is required now"),
    "a demanded field is added": (fields(), fields("b", b=TEXT), "/b", "the field is required now"),
    "another default inside": (
        fields(a={"default": {"b": 1}}), fields(a={"default": {"b": 2}}), "/a", 'for {"b":2} now'
    ),
    "another default": (fields(a={"default": 1}), fields(a={"default": 2}), "/a", "for 2 now, and stood for 1"),
    "a default for a patch": (fields(a={}), fields(a={"default": 2}), "/a", "for 2 now, and stood for \"nothing\""),
    "a value is removed": ({"enum": ["a", "b"]}, {"enum": ["a"]}, "", 'the value "b" is refused now'),
    "another constant": ({"const": "x.v1"}, {"const": "x.v2"}, "", 'the value "x.v1" is refused now'),
    "text becomes a choice": (TEXT, {"enum": ["a"]}, "", 'only "a" is allowed now'),
    "another type": (fields(a=TEXT), fields(a=WHOLE), "/a", "the type string is refused now"),
    "numbers become whole": ({"type": "number"}, WHOLE, "", "the type number is refused now"),
    "anything becomes text": ({}, TEXT, "", "the type null is refused now"),
    "a bound is tightened": ({**WHOLE, "minimum": 0}, {**WHOLE, "minimum": 1}, "", "minimum is 1 now, and was 0"),
    "a bound is added": (TEXT, {**TEXT, "maxLength": 5}, "", "maxLength is 5 now"),
    "a format is added": (TEXT, {**TEXT, "format": "uuid"}, "", "format is uuid now"),
    "an item changes": ({"type": "array", "items": TEXT}, {"type": "array", "items": WHOLE}, "/*", "the type string"),
    "an alternative is removed": ({"anyOf": [TEXT, WHOLE]}, TEXT, "", "the type integer is refused now"),
    "others are refused": (fields(), {**fields(), "additionalProperties": False}, "/*", "only nothing is allowed now"),
    "an odd name": (fields(**{"a/b~": TEXT}), fields(), "/a~1b~0", "the field is removed"),
    "within a reference": (
        inside({"$ref": "#/$defs/A"}, A=fields(a=TEXT)),
        inside({"$ref": "#/$defs/A"}, A=fields(a=WHOLE)),
        "/data/a",
        "the type string is refused now",
    ),
    "a keyword that nobody compares": (WHOLE, {**WHOLE, "multipleOf": 2}, "", "multipleOf cannot be compared"),
}  # fmt: skip


@pytest.mark.parametrize("change", COMPATIBLE)
def test_a_change_that_only_allows_more_breaks_nothing(change: str) -> None:
    assert breaking(*COMPATIBLE[change]) == ()


@pytest.mark.parametrize("change", BROKEN)
def test_what_is_broken_is_named_with_its_place(change: str) -> None:
    old, new, path, what = BROKEN[change]
    found = breaking(old, new)
    assert any(each.path == path and what in each.what for each in found), found


def test_a_type_that_holds_itself_is_compared_once() -> None:
    def tree(leaf: Schema) -> Schema:
        below = {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}
        return inside({"$ref": "#/$defs/Tree"}, Tree=fields("leaf", "below", leaf=leaf, below=below))

    assert breaking(tree(TEXT), {**tree(TEXT), "title": "other"}) == ()
    assert breaking(tree(TEXT), tree(WHOLE)) == (Break("/data/leaf", "the type string is refused now"),)


# Schemas as they are published, small enough that two of them often fit.
SCALARS = st.sampled_from(
    [
        {}, TEXT, WHOLE, {"type": "null"}, {"type": "number"}, {"type": "boolean"},
        {"enum": ["a"]}, {"enum": ["a", "b"]}, {"const": "a"}, {"enum": ["a", 1, None]},
        {**WHOLE, "minimum": 0}, {**WHOLE, "minimum": 1, "maximum": 2},
       {**TEXT, "maxLength": 1}, {**TEXT, "minLength": 1},
        {"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"},
    ]
)  # fmt: skip

VALUES: list[Any] = [None, True, 0, 1, 2, 3, 1.5, "", "a", "b", "ab", [], [1], {}, {"x": "a"}]


def schemas() -> st.SearchStrategy[Schema]:
    def larger(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
        closed = st.sampled_from([{}, {}, {"additionalProperties": False}, {"additionalProperties": WHOLE}])
        objects = st.builds(
            lambda properties, required, rest: {**fields(*(required & {*properties}), **properties), **rest},
            st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
            st.frozensets(st.sampled_from("xyz")),
            closed,
        )
        return st.one_of(
            objects,
            st.builds(lambda items: {"type": "array", "items": items}, inner),
            st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
        )

    return st.recursive(SCALARS, larger, max_leaves=6)


@st.composite
def documents(draw: st.DrawFn) -> Schema:
    definitions = {"A": fields("x", x=draw(st.sampled_from([TEXT, WHOLE, {}]))), "B": TEXT}
    return inside(draw(schemas()), **definitions)


@st.composite
def changed(draw: st.DrawFn, schema: Schema) -> Schema:
    """Change a schema here or further inside, in a small way."""
    inner = [key for key in ("properties", "items", "anyOf") if key in schema]
    if not inner or draw(st.integers(0, 3)) == 0:
        return draw(st.one_of(st.just({"anyOf": [schema, {"type": "null"}]}), SCALARS, schemas()))
    match draw(st.sampled_from(inner)):
        case "items":
            return {**schema, "items": draw(changed(schema["items"]))}
        case "anyOf":
            first, *others = schema["anyOf"]
            return {"anyOf": draw(st.permutations([draw(changed(first)), *others, {"type": "null"}]))}
        case _:
            properties = dict(schema["properties"])
            name = draw(st.sampled_from("xyz"))
            properties[name] = draw(changed(properties[name])) if name in properties else draw(SCALARS)
            required = draw(st.sampled_from([schema["required"], [], [*properties]]))
            return {**schema, "properties": properties, "required": required}


@st.composite
def written(draw: st.DrawFn, schema: Schema, root: Schema) -> Any:
    """Write a value by a schema, as our writers do: with no field that the schema does not name."""
    match schema:
        case {"$ref": reference}:
            return draw(written(root["$defs"][reference.removeprefix("#/$defs/")], root))
        case {"anyOf": choices}:
            return draw(written(draw(st.sampled_from(choices)), root))
        case {"enum": values}:
            return draw(st.sampled_from(values))
        case {"const": value}:
            return value
        case {"type": "array", "items": items}:
            return [draw(written(items, root)) for _ in range(draw(st.integers(0, 2)))]
        case {"type": "object", "properties": properties, "required": required}:
            names = [name for name in properties if name in required or draw(st.booleans())]
            return {name: draw(written(properties[name], root)) for name in names}
        case _:
            return draw(st.sampled_from([each for each in VALUES if Draft202012Validator(schema).is_valid(each)]))


@settings(max_examples=100, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_where_nothing_is_broken_all_that_was_written_stays_valid(data: st.DataObject) -> None:
    old = data.draw(documents())
    new = data.draw(
        st.one_of(
            documents(), changed(old["properties"]["data"]).map(lambda each: {**old, **fields("data", data=each)})
        )
    )
    found = breaking(old, new)
    event("broken" if found else "compatible")
    instance = data.draw(written(old, old))
    assert Draft202012Validator(old).is_valid(instance)
    assert found or Draft202012Validator(new).is_valid(instance)
