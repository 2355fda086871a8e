"""An expression is matched where that surely ends soon, and says nothing elsewhere."""

import time

import pytest

from adapters.openapi.patterns import choices_of, matches, mismatches

TRIED = [
    (r"^\d{3}-\d{4}$", "123-4567", "123-456"),
    (r"^[^@]+@[^@]+\.[^@]+$", "ada@shop.example", "ada"),
    (r"^(foo|bar)-\d+$", "bar-7", "baz-7"),
    (r"^\(a+\)+$", "(aa))", "()"),
    (r"^[]+*(]a$", "+a", "ba"),
    (r"^(?P<year>\d{4})(?=-)", "2024-01", "2024"),
    (r"^(ab){2}c?$", "ababc", "ab"),
    (r"^\\1$", r"\1", "1"),
    (r"^[\1a]$", "a", "b"),
]
NEVER_TRIED = [
    "(a+)+$", "(a|aa)+$", r"^(\w+\s?)*$", "(a*)*b", "(?:a{1,9}){1,9}b", "((a)+)+b", "(a?){30}b", "((a|a)x?)+b",
    r"(.)\1", "(?P<x>a)(?P=x)", "(a)?(?(1)b|c)", "(?x)(a+ #[\n)+ #]) \n", "(?#))a", "(){999999999}", "(()){999}",
    "a{1,99999}b", "x" * 1_001, "[[:alpha:]", "(a+", "a**", "a{99999999999999999999}",
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "fits", "fails"), TRIED)
def test_what_surely_ends_is_tried(pattern: str, fits: str, fails: str) -> None:
    assert matches(pattern, fits) and not mismatches(pattern, fits)
    assert mismatches(pattern, fails) and not matches(pattern, fails)


@pytest.mark.parametrize("pattern", NEVER_TRIED)
def test_what_may_never_end_or_mean_something_else_says_nothing(pattern: str) -> None:
    for text in ("", "a" * 64 + "!"):
        assert not matches(pattern, text) and not mismatches(pattern, text)


@pytest.mark.parametrize("pattern", ["a*a*a*a*b", "(a|a)" * 40 + "b", "a?" * 30 + "a" * 30, ".*.*.*.*.*="])
def test_too_many_choices_for_a_long_text_are_not_tried(pattern: str) -> None:
    assert choices_of(pattern) is not None
    assert not mismatches(pattern, "a" * 200)


def test_a_long_text_is_not_tried() -> None:
    assert mismatches("^b", "a" * 1_000) and not mismatches("^b", "a" * 1_001)


@pytest.mark.parametrize(
    ("pattern", "length"), [(".*.*=", 214), ("(a)*(a)*(a)*c", 56), ("(aa)*(a)*c", 214), ("(){99}" * 160 + "b", 1_000)]
)
def test_what_is_tried_takes_less_than_a_second(pattern: str, length: int) -> None:
    started = time.monotonic()
    assert mismatches(pattern, "a" * length)
    assert time.monotonic() - started < 1
