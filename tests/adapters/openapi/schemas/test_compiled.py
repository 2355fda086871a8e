"""A value is judged soon, and what does not fit is said in words that name the place."""

import time
from decimal import Decimal
from typing import Any

import pytest

from adapters.openapi.schemas.compiled import MOST_WAYS, UNEXPLAINED, UNJUDGED, Compiled
from adapters.openapi.schemas.conversion import Conversion
from adapters.openapi.schemas.values import read_value
from adapters.openapi.schemas.ways import ways

HUNGRY = "^(a+)+$"


def problems(schema: Any, value: Any, **named: Any) -> tuple[str, ...]:
    whole = Conversion({"defs": named}, dialect="openapi-3.1", direction="request").whole(schema)
    compiled = Compiled(whole)
    assert compiled.fast is not None
    return compiled.problems(value)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "object"}, None, "/: None is not of type 'object'"),
        ({"required": ["a"]}, {}, "/: 'a' is a required property"),
        ({"properties": {"a~/": {"type": "integer"}}}, {"a~/": "7"}, "/a~0~1: '7' is not of type 'integer'"),
        ({"items": {"minimum": 1}}, [1, 0], "/1: 0 is less than the minimum of 1"),
        ({"additionalProperties": False}, {"b": 1}, "/: Additional properties are not allowed ('b' was unexpected)"),
        ({"multipleOf": 0.01}, Decimal("0.015"), "/: 0.015 is not a multiple of 0.01"),
        ({"multipleOf": 3}, Decimal("1E+300"), "/: 1E+300 is not a multiple of 3"),
        ({"multipleOf": 3}, Decimal("1E+30"), "/: 1E+30 is not a multiple of 3"),
        ({"multipleOf": 0.01}, Decimal("1E-400"), "/: 1E-400 is not a multiple of 0.01"),
        ({"uniqueItems": True}, [1, Decimal("1.0")], "/: [1, 1.0] has non-unique elements"),
    ],
)
def test_a_problem_names_its_place(schema: Any, value: Any, expected: str) -> None:
    assert problems(schema, value) == (expected,)


def test_nought_is_a_multiple_whatever_its_exponent() -> None:
    assert problems({"multipleOf": 3}, Decimal("0E+999999999")) == ()
    assert problems({"multipleOf": 3, "minimum": 1}, Decimal("0E+999999999")) != ()


def test_of_alternatives_the_one_that_came_furthest_is_explained() -> None:
    deep = {"properties": {"a": {"properties": {"b": {"type": "string"}}}}, "required": ["a"]}
    assert problems({"anyOf": [{"type": "null"}, deep]}, {"a": {"b": 1}}) == ("/a/b: 1 is not of type 'string'",)


@pytest.mark.parametrize("one", [lambda word: {"const": word}, lambda word: {"enum": [word]}])
def test_of_alternatives_the_one_whose_constants_the_value_has_is_explained(one: Any) -> None:
    shapes = [
        {"required": ["kind", "radius"], "properties": {"kind": one("circle"), "radius": {"type": "number"}}},
        {"type": "null"},
        False,
        {"properties": {"kind": one("polygon"), "points": {"type": "array"}}, "additionalProperties": False},
    ]
    compiled = Compiled({"oneOf": shapes})
    assert compiled.problems({"kind": "circle"}) == ("/: 'radius' is a required property",)
    (problem,) = compiled.problems({"kind": "polygon", "extra": 1})
    assert problem.startswith("/: Additional properties are not allowed ('extra' was")


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_alternatives_that_double_without_end_hold_up_nothing(keyword: str) -> None:
    doubled = {f"A{n}": {keyword: [{"$ref": f"#/$defs/A{n + 1}"}] * 2} for n in range(60)}
    schema = {"properties": {"a": {"$ref": "#/$defs/A0"}}, "$defs": {**doubled, "A60": {"type": "object"}}}
    compiled = Compiled(schema)
    started = time.process_time()
    assert compiled.problems({"b": 1}) == ()
    assert compiled.problems({"a": {}}) in ((), (UNJUDGED,))
    assert compiled.problems({"a": 1}) != ()
    assert time.process_time() - started < 20


def test_a_schema_that_leads_back_to_itself_has_as_many_ways_as_it_says() -> None:
    tree = {"allOf": [{"$ref": "#/$defs/T"}, {"properties": {"$ref": {"$ref": "#/$defs/T"}, "allOf": True}}]}
    assert ways({"$ref": "#/$defs/T", "$defs": {"T": tree}}) < 10


def within(rule: Any, keyword: str = "properties") -> dict[str, Any]:
    return {keyword: rule if keyword == "additionalProperties" else {"a" if keyword == "properties" else "^a": rule}}


TWICE: dict[str, Any] = {
    "two rules": lambda rule: {"allOf": [within(rule), within(rule)]},
    "a pattern": lambda rule: {**within(rule), **within(rule, "patternProperties")},
    "all others too": lambda rule: {"allOf": [within(rule), within(rule, "additionalProperties")]},
    "a condition": lambda rule: {"if": within(rule), "then": within(rule)},
    "what depends": lambda rule: {**within(rule), "dependentSchemas": {"a": within(rule)}},
    "what is not evaluated": lambda rule: {"anyOf": [within(rule)], "unevaluatedProperties": False},
    "lists": lambda rule: {"allOf": [within({"items": rule}), within({"prefixItems": [rule], "contains": rule})]},
}  # fmt: skip


@pytest.mark.parametrize("several", TWICE.values(), ids=TWICE.keys())
@pytest.mark.parametrize("leads", ["to an end", "back"])
def test_members_that_are_judged_twice_as_often_on_each_level_hold_up_nothing(several: Any, leads: str) -> None:
    chain = {f"A{n}": several({"$ref": f"#/$defs/A{n + 1}"}) for n in range(60)}
    schema = {"$ref": "#/$defs/A0", "$defs": {**chain, "A60": {} if leads == "to an end" else {"$ref": "#/$defs/A0"}}}
    value: Any = 1
    for _ in range(60):
        value = {"a": [value] if "items" in str(chain) else value}
    started = time.process_time()
    compiled = Compiled(schema)
    assert compiled.problems(value) in ((), (UNJUDGED,))
    assert compiled.problems({"a": 1}) == ()
    assert time.process_time() - started < 20


def test_members_of_different_names_do_not_add_up() -> None:
    rules = {f"A{n}": {"properties": {each: {"$ref": f"#/$defs/A{n + 1}"} for each in "abcd"}} for n in range(40)}
    assert ways({"$ref": "#/$defs/A0", "$defs": {**rules, "A40": {}}}) < 5


def test_a_large_value_that_would_be_judged_in_many_ways_is_judged_in_counted_steps() -> None:
    compiled = Compiled({"items": {"allOf": [{"title": str(n), "minimum": 0} for n in range(MOST_WAYS - 10)]}})
    assert compiled.fast is not None and compiled.problems([1] * 8) == () and compiled.problems([-1]) != ()
    started = time.process_time()
    assert compiled.problems([1] * 500_000) == (UNJUDGED,)
    assert time.process_time() - started < 20


def test_what_only_the_fast_engine_finds_is_explained_unless_that_would_take_too_long() -> None:
    rule = {"anyOf": [within({"$ref": "#/$defs/N"})] * 2, "patternProperties": {"^x": {}}}
    compiled = Compiled({"$ref": "#/$defs/N", "$defs": {"N": {**rule, "unevaluatedProperties": False}}})
    assert compiled.problems({"zz": 1}) == ("/: Unevaluated properties are not allowed ('zz' was unexpected)",)
    deep: dict[str, Any] = {"zz": 1}
    for _ in range(50):
        deep = {"a": deep}
    started = time.process_time()
    assert compiled.problems(deep) == (UNEXPLAINED,)
    assert time.process_time() - started < 20


def test_problems_are_few_and_short() -> None:
    found = problems({"items": {"type": "string"}}, [{"k": "v" * 5_000}] * 50)
    assert len(found) == 10 and all(len(problem) < 400 for problem in found)


def test_a_place_with_a_long_name_is_shown_short() -> None:
    (problem,) = problems({"additionalProperties": {"type": "string"}}, {"k" * 100_000: 1})
    assert len(problem) < 700


def test_numbers_are_compared_by_all_their_digits() -> None:
    price = {"multipleOf": 0.01, "maximum": 9007199254740993, "type": "number"}
    assert not problems(price, read_value(b"19.99")) and problems(price, read_value(b"19.991"))
    assert problems(price, read_value(b"9007199254740994")) and not problems(price, read_value(b"9007199254740993"))
    assert not problems({"type": "integer"}, read_value(b"1.0")) and problems({"type": "integer"}, read_value(b"1.5"))
    assert not problems({"enum": [1.10]}, read_value(b"1.1000"))


ENDLESS: list[dict[str, Any]] = [
    {"pattern": HUNGRY},
    {"patternProperties": {HUNGRY: False}, "additionalProperties": False},
    {"patternProperties": {HUNGRY: True}, "unevaluatedProperties": False},
    {"propertyNames": {"pattern": HUNGRY}},
]


@pytest.mark.parametrize("schema", ENDLESS)
def test_no_expression_of_a_document_holds_up_the_process(schema: dict[str, Any]) -> None:
    text = "a" * 5_000 + "!"
    started = time.process_time()
    assert problems(schema, text if "pattern" in schema else {text: 1})
    assert time.process_time() - started < 20


def test_expressions_that_may_not_end_say_nothing() -> None:
    assert not problems({"pattern": r"^(?=(a+)+$)b"}, "a") and not problems({"pattern": r"^(a+)\1$"}, "b")
    schema = {"patternProperties": {r"^(?=x)": {"type": "integer"}, "^n_": {"type": "integer"}}}
    assert not problems({**schema, "additionalProperties": False}, {"any": 1})
    assert problems({**schema, "additionalProperties": False}, {"n_a": "x"}) == ("/n_a: 'x' is not of type 'integer'",)


def test_names_are_known_by_patterns_in_both_engines() -> None:
    schema = {"properties": {"a": {}}, "patternProperties": {"^n_": {}}, "additionalProperties": {"type": "integer"}}
    assert not problems(schema, {"a": "x", "n_b": "x", "c": 1})
    assert problems(schema, {"a": "x", "n_b": "x", "c": "x"}) == ("/c: 'x' is not of type 'integer'",)


def test_what_would_take_too_long_to_explain_is_judged_all_the_same() -> None:
    node = {"anyOf": [{"properties": {"n": {"$ref": "#/defs/N"}}, "required": [each]} for each in ("a", "b")]}
    value: dict[str, Any] = {}
    for _ in range(40):
        value = {"n": value, "a": 1, "b": 1}
    started = time.process_time()
    assert problems({"$ref": "#/defs/N"}, value, N=node) == (UNEXPLAINED,)
    assert time.process_time() - started < 20


def test_a_large_list_is_compared_in_no_time() -> None:
    value = [{"n": number} for number in range(30_000)]
    started = time.process_time()
    assert not problems({"uniqueItems": True}, value) and problems({"uniqueItems": True}, [*value, {"n": 1}])
    assert time.process_time() - started < 15


def test_a_schema_that_jsonschema_rs_cannot_compile_is_judged_by_jsonschema() -> None:
    compiled = Compiled({"enum": ["\ud800", "a"]})
    assert compiled.fast is None
    assert not compiled.problems("a") and compiled.problems("b")
    many = Compiled({"items": {"enum": ["\ud800", 1]}})
    assert many.problems([1] * 1_000_000) == (UNJUDGED,)
