"""An expression is matched in linear time, and says nothing where that cannot be."""

import time

import pytest

from adapters.openapi.schemas.expressions import matches, usable

MATCHED = [
    (r"^\d{3}-\d{4}$", "123-4567", "123-456"),
    (r"^[^@]+@[^@]+\.[^@]+$", "ada@shop.example", "ada"),
    (r"^(foo|bar)-\d+$", "bar-7", "baz-7"),
    (r"^(a+)+$", "aaa", "aab"),
    (r"^\u0041$", "A", "B"),
    (r"^(?:[a-z]|\p{Lu})+$", "aÉ", "1"),
]
UNKNOWN = [r"(.)\1", "(?=a)b", "(?<!a)b", "(?P<x>a)(?P=x)", "(a+", "x" * 1_001, "\ud800", 7, None]


@pytest.mark.parametrize(("pattern", "fits", "fails"), MATCHED)
def test_an_expression_is_matched(pattern: str, fits: str, fails: str) -> None:
    assert usable(pattern) and matches(pattern, fits) and not matches(pattern, fails)


@pytest.mark.parametrize("pattern", UNKNOWN)
def test_what_cannot_be_matched_in_linear_time_is_not_usable(pattern: object) -> None:
    assert not usable(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a|aa)+$", r"^(\w+\s?)*$", "(a*)*b", "(a{1,30}){1,30}b", "a?" * 30 + "a" * 30 + "b", ".*.*.*.*.*="]
)
def test_hungry_expressions_end_soon(pattern: str) -> None:
    started = time.process_time()
    matches(pattern, "a" * 20_000 + "!")
    assert time.process_time() - started < 10
