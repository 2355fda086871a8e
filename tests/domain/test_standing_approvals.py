"""What was allowed beforehand covers what lies within all of its bounds, and nothing else."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.encoding import foreign
from domain.standing_approvals import Bound, Standing, StandingGiven, StandingUsed, StandingWithdrawn, covers, evolve
from tests.domain.story import NOW

GIVEN = StandingGiven(
    id="s",
    api="bank",
    operation="POST /transfers",
    uses=2,
    until=NOW + timedelta(days=1),
    by="eve",
    reason="rent",
    bounds=(
        Bound(at="/body/to", values=(foreign("bob"), foreign("eve"))),
        Bound(at="/body/amount", least="0", most="100"),
        Bound(at="/body/text", anything=True),
    ),
    amount_at="/body/amount",
    amount_most="150",
)
STANDING = Standing(given=GIVEN)


def covered(body: dict[str, Any], standing: Standing = STANDING, **other: Any) -> bool:
    call = {"api": "bank", "operation": "POST /transfers", "now": NOW, **other}
    return covers(standing, call["api"], call["operation"], {"body": body}, call["now"])


def used(amount: str) -> StandingUsed:
    return StandingUsed(id="s", session="x", call="call-1-1", request_digest="r", amount=amount)


@pytest.mark.parametrize(
    "body", [{"to": "bob", "amount": 100}, {"to": "eve", "amount": Decimal("99.99"), "text": "hi"}]
)
def test_what_lies_within_every_bound_is_covered(body: dict[str, Any]) -> None:
    assert covered(body)


@pytest.mark.parametrize(
    "body",
    [
        {"to": "mallory", "amount": 1},
        {"to": "b\u043eb", "amount": 1},  # with a Cyrillic o
        {"to": "bob\u200b", "amount": 1},
        {"to": "\uff42ob", "amount": 1},
        {"amount": 1},
        {"to": "bob", "amount": 101},
        {"to": "bob", "amount": -1},
        {"to": "bob", "amount": "1"},
        {"to": "bob", "amount": True},
        {"to": "bob"},
        {"to": ["bob"], "amount": 1},
        {"to": "bob", "amount": 1, "urgent": True},
        {"to": "b\u043eb", "amount": 1},
    ],
)
def test_what_lies_outside_a_bound_or_where_none_is_said_is_not_covered(body: dict[str, Any]) -> None:
    assert not covered(body)


@pytest.mark.parametrize(
    "other", [{"api": "shop"}, {"operation": "PUT /transfers"}, {"now": NOW + timedelta(days=1)}], ids=str
)
def test_another_operation_or_time_is_not_covered(other: dict[str, Any]) -> None:
    assert not covered({"to": "bob", "amount": 1}, **other)


def test_it_is_used_up_by_number_and_by_amount() -> None:
    once = evolve({"s": STANDING}, used("100"))["s"]
    assert covered({"to": "bob", "amount": 50}, once) and not covered({"to": "bob", "amount": 51}, once)
    twice = evolve({"s": once}, used("1"))["s"]
    assert (twice.used, twice.spent, twice.version) == (2, Decimal(101), 3)
    assert not covered({"to": "bob", "amount": 1}, twice)


def test_what_was_withdrawn_covers_nothing() -> None:
    over = evolve({"s": STANDING}, StandingWithdrawn(id="s", by="ada", reason="moved out"))["s"]
    assert over.over(NOW) == "ada withdrew it: moved out" and not covered({"to": "bob", "amount": 1}, over)


def test_without_bounds_only_a_call_without_arguments_is_covered() -> None:
    bare = Standing(given=replace(GIVEN, bounds=(), amount_at="", amount_most=""))
    assert not covered({"to": "bob"}, bare) and covers(bare, "bank", "POST /transfers", {}, NOW)


def test_a_number_too_large_for_any_sum_is_not_covered() -> None:
    huge = Decimal("1e999999999")
    boundless = replace(GIVEN, bounds=(Bound(at="/body/amount", anything=True),))
    assert not covered({"amount": huge}, Standing(given=boundless, spent=Decimal(1)))
    assert not covered({"to": huge, "amount": 1})
