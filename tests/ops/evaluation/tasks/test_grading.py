"""Graders say what a case expected, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from ops.evaluation.tasks.dataset import Case, ExpectedCall
from ops.evaluation.tasks.grading import Done, Outcome, exact, path, state

CASE = Case(
    id="c",
    goal="g",
    calls=(ExpectedCall(tool="a", arguments={"body": {"n": 1}}), ExpectedCall(tool="b")),
    state={"/orders/1": {"/status": "paid", "/items/0/n": 2}},
)


def done(tool: str, n: Any = None, *, sent: bool = True) -> Done:
    return Done(tool=tool, arguments={"body": {"n": n}} if n is not None else {"query": {}}, sent=sent)


def test_exact_is_every_call_in_its_order_and_no_other() -> None:
    assert exact(CASE, [done("a", 1), done("b")])
    for calls in (
        [done("b"), done("a", 1)],
        [done("a", 1)],
        [done("a", 1), done("b"), done("b")],
        [done("a", 2), done("b")],
    ):
        assert not exact(CASE, calls)


def test_path_lets_other_calls_stand_between() -> None:
    assert path(CASE, [done("x"), done("a", 1), done("x"), done("b")])
    assert not path(CASE, [done("b"), done("a", 1)]) and not path(CASE, [done("a", 2), done("b")])


def test_a_call_that_was_not_sent_is_none() -> None:
    assert not path(CASE, [done("a", 1), done("b", sent=False)])
    assert exact(CASE, [done("a", 2, sent=False), done("a", 1), done("b")])


def test_a_number_is_the_same_in_whichever_way_it_was_read() -> None:
    assert exact(CASE, [done("a", Decimal(1)), done("b")])


@pytest.mark.parametrize(
    ("found", "fine"),
    [
        ({"/orders/1": {"status": "paid", "items": [{"n": 2}]}}, True),
        ({"/orders/1": {"status": "paid", "items": [{"n": 2}], "more": 1}}, True),
        ({"/orders/1": {"status": "open", "items": [{"n": 2}]}}, False),
        ({"/orders/1": {"status": "paid", "items": []}}, False),
        ({"/orders/1": None}, False),
        ({}, False),
    ],
)
def test_a_state_is_what_the_api_tells_at_every_pointer(found: dict[str, Any], fine: bool) -> None:
    assert state(CASE, found) is fine


def test_a_case_passes_where_it_completed_and_all_graders_are_content() -> None:
    def outcome(status: str, **grades: bool) -> Outcome:
        return Outcome(case="c", session="s", status=status, answer="", calls=(), grades=grades)

    assert outcome("completed", exact=True).passed
    assert not outcome("completed", exact=True, state=False).passed and not outcome("failed", exact=True).passed


def test_a_case_that_does_not_pass_says_why() -> None:
    ended = Outcome(case="c", session="s", status="failed", answer="step 1: refused", calls=(), grades={"exact": True})
    assert ended.why == "failed: step 1: refused"
    grades = {"exact": True, "state": False, "rubric": False}
    graded = Outcome(case="c", session="s", status="completed", answer="", calls=(), grades=grades, unmet=("A shelf",))
    assert graded.why == "not state; not rubric; not met: A shelf"
