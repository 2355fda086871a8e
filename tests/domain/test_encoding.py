"""Equal values have equal bytes, for ever; foreign values keep every digit."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from domain.content import EXCERPT_BYTES, INLINE_BYTES, content
from domain.encoding import canonical, digest, digest_bytes, encode, foreign, parse
from domain.errors import Invalid
from domain.ids import derive, named_stream
from domain.reviewing.obvious import problems_of
from domain.session.events import BudgetSpent, Sourced

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text", ["1.10", "1.0", "0.1000000000000000055511151231257827", "12345678901234567890", "1E+400"]
)
def test_a_foreign_number_keeps_its_digits(text: str) -> None:
    assert canonical(msgspec.Raw(text.encode())) == text.encode()


@examples(JSON)
def test_canonical_json_is_a_fixed_point(value: Any) -> None:
    assert canonical(parse(canonical(value))) == canonical(value)


def test_keys_are_sorted_blanks_dropped_and_defaults_omitted() -> None:
    assert canonical(msgspec.Raw(b'{"b": 1,\n "a": {"d": 2, "c": 3}}')) == b'{"a":{"c":3,"d":2},"b":1}'
    assert encode(BudgetSpent(tokens=3)) == b'{"tokens":3,"type":"session.budget-spent.v1"}'


def test_equal_foreign_values_have_equal_digests_however_they_were_written() -> None:
    loose = Sourced(value=msgspec.Raw(b'{"b": 1, "a": 2}'), source="goal")
    assert digest(loose) == digest(Sourced(value=foreign({"a": 2, "b": 1}), source="goal"))
    assert digest(loose) == digest_bytes(canonical(loose))


def test_stored_foreign_json_is_kept_word_for_word() -> None:
    raw = b'{"b": 1.50,  "a": 2}'
    assert raw in encode(Sourced(value=msgspec.Raw(raw), source="goal"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), [{"deep": (float("-inf"),)}]])
def test_nan_and_infinity_are_refused(value: object) -> None:
    with pytest.raises(Invalid, match="finite number"):
        foreign(value)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "[" * 100_000, '"\ud800"'.encode("utf-8", "surrogatepass"), "9" * 5_000, "1E+9" + "9" * 20]
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(Invalid, match="Expected JSON"):
        parse(text)


def test_identifiers_follow_from_their_parts_in_order() -> None:
    assert derive("a", 1) == derive("a", "1") and len(derive("a")) == 32
    assert len({derive("a", "b"), derive("b", "a"), derive("ab"), derive("a", "b", "")}) == 4
    assert named_stream("local", "agent", "x") != named_stream("local", "document", "x")


def test_a_number_larger_than_any_float_is_finite_all_the_same() -> None:
    assert foreign(parse(b"[1e400]")) == msgspec.Raw(b"[1E+400]")


def test_a_small_text_is_held_whole() -> None:
    held = content(b"x" * INLINE_BYTES)
    assert held.whole and held.size == INLINE_BYTES == len(held.text)


def test_a_large_text_is_held_by_its_beginning_and_its_digest() -> None:
    data = "ä".encode() * INLINE_BYTES
    held = content(data)
    assert not held.whole and held.blob == digest_bytes(data) and held.size == len(data)
    assert held.text == "ä" * (EXCERPT_BYTES // 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("  ", "the result is blank"),
        ('{"error": "no stock"}', "answered with an error inside a success"),
        ('{"error": "x", "code": 7}', "answered with an error inside a success"),
        ('{"error": null}', ""),
        ('{"error": "x", "items": []}', ""),
        ("error", ""),
        ("", ""),
        ("[]", ""),
    ],
)
def test_code_finds_what_is_plainly_wrong_with_a_result(text: str, problem: str) -> None:
    assert problem in "".join(problems_of(content(text.encode()), "tool"))
    assert bool(problems_of(content(text.encode()), "tool")) == bool(problem)
