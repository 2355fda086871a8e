"""Both engines judge alike: on generated schemas and values, in every dialect's manner of speaking."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.schemas.compiled import Compiled
from adapters.openapi.schemas.conversion import Conversion, Direction
from adapters.openapi.schemas.keywords import TYPES
from tests.adapters.openapi.schemas.engines import Independent

NAMES = st.sampled_from(["a", "b", "n_a", ""])
NUMBERS = st.one_of(
    st.integers(-3, 12), st.sampled_from([Decimal("0.5"), Decimal("1.0"), Decimal("1.10"), Decimal("-2.25"), 10**20])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(["", "a", "ab", "n_a", "é"]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
NONSENSE: st.SearchStrategy[Any] = st.sampled_from(["x", -1, None, [], {}, True, 0.5, ["string", "odd"]])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make schemas of one to four keywords, for where more are, nearly nothing fits."""
    known = _known(inner)
    chosen = st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: known[name] for name in names}))


def _known(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    counts = st.integers(0, 3) | NONSENSE
    bounds = st.integers(-2, 5) | st.sampled_from([0.5, 1.1]) | NONSENSE
    types = st.sampled_from(sorted(TYPES)) | st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3) | NONSENSE
    named, listed = st.dictionaries(NAMES, inner, max_size=2), st.lists(inner, min_size=1, max_size=2)
    return {
        "type": types,
        "nullable": st.booleans(),
        "enum": st.lists(SCALARS, max_size=3),
        "const": VALUES,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 0, "1"]),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), bounds),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), counts),
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "^(a+)+$", "(?=a)b"]),
        "required": st.lists(NAMES, max_size=2) | NONSENSE,
        "properties": named | NONSENSE,
        "patternProperties": st.dictionaries(st.sampled_from(["^n_", "a$"]), inner, max_size=1),
        **dict.fromkeys(("additionalProperties", "items", "not", "contains", "propertyNames", "if"), inner | NONSENSE),
        **dict.fromkeys(("then", "else", "unevaluatedItems", "unevaluatedProperties"), inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), listed | NONSENSE),
        "dependencies": st.dictionaries(NAMES, st.lists(NAMES, max_size=1) | inner, max_size=1),
    }


REFERENCES = st.sampled_from(["#/defs/A", "#/defs/B"]).map(lambda name: {"$ref": name})
SCHEMAS = st.recursive(
    st.booleans() | REFERENCES | st.sampled_from([{"type": "string"}, {"type": "integer"}]), _keywords, max_leaves=6
)


def judged_alike(schema: Any, values: list[Any], dialect: str, direction: Direction, **named: Any) -> None:
    whole = Conversion({"defs": named}, dialect=dialect, direction=direction).whole(schema)
    compiled, independent = Compiled(whole), Independent(whole)
    assert compiled.fast is not None, "whatever a document says, it compiles"
    for value in values:
        try:
            expected = independent.is_valid(value)
        except RecursionError:
            continue
        assert compiled.fast.is_valid(value) is expected, (whole, value)
        assert bool(compiled.problems(value)) is not expected, (whole, value)


DIALECTS = st.sampled_from(["swagger-2.0", "openapi-3.0", "openapi-3.1", "openapi-3.2"])
DIRECTIONS: st.SearchStrategy[Direction] = st.sampled_from(["request", "response"])
PLAIN = st.sampled_from([{"type": "string"}, {"type": "integer"}, True, False])
ALONE = _known(PLAIN)
TELLING: list[Any] = [
    None,
    True,
    0,
    1,
    2,
    -1,
    *map(Decimal, ("0.0", "0.5", "1.0", "1.10", "2.0")),
    "",
    "a",
    "ab",
    "n_a",
    "é",
]
TELLING += [[], [1], [1, Decimal("1.0")], ["a", 1, None], {}, {"a": 1}, {"a": "a", "n_a": 1}, {"b": None, "": 1}]


@pytest.mark.parametrize("keyword", sorted(ALONE))
@settings(max_examples=12)
@given(data=st.data(), dialect=DIALECTS, direction=DIRECTIONS)
def test_both_engines_judge_each_keyword_alike(
    keyword: str, data: st.DataObject, dialect: str, direction: Direction
) -> None:
    judged_alike({keyword: data.draw(ALONE[keyword])}, TELLING, dialect, direction)


@settings(max_examples=150)
@given(SCHEMAS, SCHEMAS, SCHEMAS, st.lists(VALUES, min_size=3, max_size=6), DIALECTS, DIRECTIONS)
def test_both_engines_judge_alike(
    schema: Any, a: Any, b: Any, values: list[Any], dialect: str, direction: Direction
) -> None:
    judged_alike(schema, values, dialect, direction, A=a, B=b)
