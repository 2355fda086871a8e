"""A schema of any dialect says the same in JSON Schema 2020-12, and is never written twice."""

from typing import Any

import pytest

from adapters.openapi.files import FILE
from adapters.openapi.schemas.compiled import Compiled
from adapters.openapi.schemas.conversion import Conversion, Direction
from domain.encoding import encode

Tree = dict[str, Any]
EVERY = ("swagger-2.0", "openapi-3.0", "openapi-3.1", "openapi-3.2")
DIGEST = "0123456789abcdef" * 4


def converted(
    schema: Any, *, dialect: str = "openapi-3.1", direction: Direction = "request", files: bool = False, **named: Any
) -> Any:
    return Conversion({"defs": named}, dialect=dialect, direction=direction, files=files).whole(schema)


def fits(schema: Any, value: Any, **how: Any) -> bool:
    return not Compiled(converted(schema, **how)).problems(value)


@pytest.mark.parametrize("dialect", EVERY)
@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": ["string", "integer"]},
        {"type": "string", "enum": ["a"]},
        {"enum": ["a"]},
        {"const": "a"},
        {"$ref": "#/defs/Text"},
        {"allOf": [{"$ref": "#/defs/Text"}]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "string"}, {"type": ["null", "integer"]}]},
        {"not": {"type": "null"}},
    ],
)
def test_nullable_admits_null_beside_anything(schema: Tree, dialect: str) -> None:
    for word in ("nullable", "x-nullable"):
        for value in (True, False):
            admits = fits({**schema, word: value}, None, dialect=dialect, Text={"type": "string"})
            assert admits is (value or fits(schema, None, dialect=dialect, Text={"type": "string"}))
    assert not fits({**schema, "nullable": True}, [], dialect=dialect, Text={"type": "string"}) or "not" in schema


def test_a_definition_that_is_nullable_admits_null_wherever_it_is_referred_to() -> None:
    text = {"type": "string", "enum": ["a"], "nullable": True}
    assert fits({"items": {"$ref": "#/defs/Text"}}, ["a", None], Text=text)
    assert not fits({"items": {"$ref": "#/defs/Text"}}, ["b"], Text=text)


def test_what_stands_beside_a_reference_counts_as_the_dialect_says() -> None:
    schema = {"$ref": "#/defs/Text", "maxLength": 1}
    for dialect, counts in zip(EVERY, (False, False, True, True), strict=True):
        assert fits(schema, "ab", dialect=dialect, Text={"type": "string"}) is not counts
        assert fits(schema, "a", dialect=dialect, Text={"type": "string"})


def test_bounds_that_a_flag_excludes_are_excluded() -> None:
    flagged = {"minimum": 0, "exclusiveMinimum": True, "maximum": 1.5, "exclusiveMaximum": False}
    assert converted(flagged, dialect="openapi-3.0") == {"exclusiveMinimum": 0, "maximum": pytest.approx(1.5)}
    assert converted({"exclusiveMinimum": True}) == {}


def test_a_reference_stays_one_and_brings_all_it_reaches_once() -> None:
    node = {"properties": {"next": {"$ref": "#/defs/Node"}, "leaf": {"$ref": "#/defs/Leaf"}}}
    found = converted({"items": {"$ref": "#/defs/Node"}}, Node=node, Leaf={"type": "string"}, Unmet={"type": "null"})
    assert found["items"] == {"$ref": "#/$defs/Node"}
    assert found["$defs"] == {
        "Node": {"properties": {"next": {"$ref": "#/$defs/Node"}, "leaf": {"$ref": "#/$defs/Leaf"}}},
        "Leaf": {"type": "string"},
    }
    assert not fits({"$ref": "#/defs/Node"}, {"next": {"next": {"leaf": 1}}}, Node=node, Leaf={"type": "string"})


def test_schemas_of_one_document_share_what_they_refer_to() -> None:
    conversion = Conversion({"defs": {"A": {"type": "string"}}}, dialect="openapi-3.1", direction="request")
    one, other = conversion.whole({"$ref": "#/defs/A"}), conversion.whole({"items": {"$ref": "#/defs/A"}})
    assert isinstance(one, dict) and isinstance(other, dict) and one["$defs"]["A"] is other["$defs"]["A"]


def test_references_to_places_of_one_name_do_not_meet() -> None:
    tree = {"a": {"X": {"type": "string"}}, "b": {"X": {"type": "integer"}}, "c": {"x y~1/": True}}
    conversion = Conversion(tree, dialect="openapi-3.1", direction="request")
    both = Compiled(
        conversion.whole({"prefixItems": [{"$ref": "#/a/X"}, {"$ref": "#/b/X"}, {"$ref": "#/c/x%20y~01~1"}]})
    )
    assert not both.problems(["a", 1, None]) and both.problems([1, "a"])


def test_thirty_levels_that_double_stay_thirty_definitions() -> None:
    levels: Tree = {
        f"L{n}": {"properties": {name: {"$ref": f"#/defs/L{n + 1}"} for name in ("a", "b")}} for n in range(30)
    }
    found = converted({"$ref": "#/defs/L0"}, L30={"type": "string"}, **levels)
    assert len(found["$defs"]) == 31 and len(encode(found)) < 4_000


@pytest.mark.parametrize(("direction", "spared"), [("request", "id"), ("response", "secret")])
def test_what_only_the_other_side_writes_is_not_demanded(direction: Direction, spared: str) -> None:
    held = {"id": {"readOnly": True}, "secret": {"$ref": "#/defs/Secret"}, "n": {}}
    schema = {"type": "object", "required": ["id", "secret", "n"], "properties": held}
    whole = {"id": 1, "secret": 1, "n": 1}
    for shape in (schema, {"allOf": [{"$ref": "#/defs/Base"}, {"required": ["id", "secret", "n"]}]}):
        for missing in whole:
            value = {name: each for name, each in whole.items() if name != missing}
            fit = fits(shape, value, direction=direction, Secret={"writeOnly": True}, Base={"properties": held})
            assert fit is (missing == spared)


MALFORMED: list[Tree] = [
    {"minimum": "5"}, {"maximum": None}, {"exclusiveMaximum": "5"}, {"multipleOf": 0}, {"maxLength": -1},
    {"maxLength": "1"}, {"minLength": 1.5}, {"pattern": 1}, {"pattern": "("}, {"required": True}, {"required": "a"},
    {"required": [1]}, {"type": "strng"}, {"type": []}, {"type": ["string", "file"]}, {"type": {"string": 1}},
    {"enum": []}, {"enum": {"a": 1}}, {"properties": []}, {"properties": {"a": "string"}}, {"items": "string"},
    {"items": []}, {"additionalProperties": "false"}, {"allOf": []}, {"allOf": {"type": "string"}}, {"oneOf": [1]},
    {"anyOf": "x"}, {"not": "x"}, {"uniqueItems": "true"}, {"dependencies": 1}, {"dependentRequired": {"a": 1}},
    {"patternProperties": []}, {"if": 1, "then": False}, {"$ref": 5}, {"discriminator": {"propertyName": 7}},
    {"format": "no-such-format"}, {"format": 5}, {"contentMediaType": 1}, {"$schema": "urn:none"}, {"$id": "urn:x"},
]  # fmt: skip


@pytest.mark.parametrize("schema", MALFORMED)
def test_a_malformed_keyword_says_nothing(schema: Tree) -> None:
    compiled = Compiled(converted({"items": schema}))
    assert compiled.fast is not None
    assert not compiled.problems([None, "a", 1, [1, 1], {"a": 1}])
    assert Compiled(converted({**schema, "not": {}})).problems(1), "the keywords beside it still count"


def test_a_broken_discriminator_leaves_plain_alternatives() -> None:
    cat, dog = {"required": ["meow"], "properties": {"kind": {"const": "cat"}}}, {"required": ["bark"]}
    schema = {
        "oneOf": [{"$ref": "#/defs/Cat"}, {"$ref": "#/defs/Dog"}],
        "discriminator": {"propertyName": "sort", "mapping": {"cat": "#/defs/None", "dog": "nowhere.yaml"}},
    }
    assert fits(schema, {"meow": 1}, Cat=cat, Dog=dog) and fits(schema, {"bark": 1}, Cat=cat, Dog=dog)
    assert not fits(schema, {}, Cat=cat, Dog=dog) and not fits(schema, {"meow": 1, "bark": 1}, Cat=cat, Dog=dog)


def test_boolean_schemas_and_lists_of_items_hold() -> None:
    assert converted(True) is True and converted(False) is False and converted("x") is True
    assert not fits({"prefixItems": [{}], "items": False}, [1, 2]) and fits({"prefixItems": [{}], "items": False}, [1])
    assert not fits({"items": [{"type": "string"}], "additionalItems": False}, ["a", "b"])
    assert not fits({"items": [{"type": "string"}]}, [1]) and fits({"items": [{"type": "string"}]}, ["a", 1])
    assert not fits({"$ref": "#/defs/Never"}, 1, Never=False)


def test_unevaluated_properties_see_through_references() -> None:
    schema = {"allOf": [{"$ref": "#/defs/Base"}], "properties": {"b": {}}, "unevaluatedProperties": False}
    base: Tree = {"properties": {"a": {}}}
    assert fits(schema, {"a": 1, "b": 1}, Base=base) and not fits(schema, {"a": 1, "c": 1}, Base=base)


def test_definitions_may_stand_anywhere_in_the_document() -> None:
    inner = {"$defs": {"N": {"type": "integer"}}, "properties": {"n": {"$ref": "#/defs/Outer/$defs/N"}}}
    assert not fits({"$ref": "#/defs/Outer"}, {"n": "x"}, Outer=inner)


def test_dependencies_of_older_drafts_hold() -> None:
    schema = {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}
    assert not fits(schema, {"a": 1}) and not fits(schema, {"c": 1}) and fits(schema, {"a": 1, "b": 1, "c": 1, "d": 1})


def test_a_broken_reference_is_a_problem_only_where_it_is_met() -> None:
    for broken in ("#/defs/None", "other.yaml#/X", "#/defs/Loop"):
        schema = {"properties": {"a": {"$ref": broken}}}
        compiled = Compiled(converted(schema, Loop={"$ref": "#/defs/Loop"}))
        assert not compiled.problems({"b": 1})
        (problem,) = compiled.problems({"a": 1})
        assert problem.startswith("/a: the document's own schema cannot be used: the reference")


def test_what_a_form_describes_as_bytes_may_be_a_file() -> None:
    blob, text = {"blob": DIGEST}, {"text": "a"}
    for schema in ({"type": "file"}, {"type": "string", "format": "binary"}, {"contentMediaType": "image/png"}):
        assert fits(schema, blob, files=True) and fits(schema, text, files=True)

    assert converted({"type": "file"}, files=True) == FILE
    assert not fits({"type": "string", "format": "binary"}, blob) and fits({"type": "string", "format": "binary"}, "a")


def test_parts_of_parts_are_looked_at_once_each() -> None:
    chain: dict[str, Any] = {f"A{n}": {"allOf": [{"$ref": f"#/defs/A{n + 1}"}] * 20} for n in range(8)}
    last = {"properties": {"id": {"readOnly": True}}}
    whole = converted({"allOf": [{"$ref": "#/defs/A1"}], "required": ["id", "name"]}, **chain, A8=last)
    assert isinstance(whole, dict) and whole["required"] == ["name"]
