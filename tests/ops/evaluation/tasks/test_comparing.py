"""Two runs are compared case by case, down to the first step at which they go apart."""

from pathlib import Path

import pytest

from domain.errors import Invalid
from ops.evaluation.tasks.comparing import Saved, differences, read_file, read_saved, save
from ops.evaluation.tasks.grading import Done, Outcome


def call(tool: str, n: int = 1, decision: str = "allow") -> Done:
    return Done(tool=tool, arguments={"body": {"n": n}}, decision=decision, sent=decision == "allow")


def case(name: str, *calls: Done, answer: str = "done", fine: bool = True) -> Outcome:
    grades = {"exact": fine}
    return Outcome(case=name, session="s", status="completed", answer=answer, calls=calls, grades=grades)


def saved(*outcomes: Outcome, suite: str = "smoke") -> Saved:
    return Saved(suite=suite, model="gold", outcomes=outcomes)


def test_runs_that_came_out_alike_differ_in_nothing_though_their_sessions_do() -> None:
    one = case("a", call("x"))
    other = Outcome(case="a", session="t", status="completed", answer="done", calls=one.calls, grades=one.grades)
    assert differences(saved(one), saved(other)) == []


def test_the_first_step_that_differs_is_named_with_what_both_did() -> None:
    first = case("a", call("x"), call("y", 1), call("z"))
    second = case("a", call("x"), call("y", 2), call("w"), fine=False)
    (found,) = differences(saved(first), saved(second))
    assert (found.step, found.grades) == (2, ("exact",))
    assert found.first == 'y {"body":{"n":1}}, allow' and found.second == 'y {"body":{"n":2}}, allow'


def test_a_verdict_that_differs_is_a_difference_and_so_is_a_missing_step() -> None:
    (asked,) = differences(saved(case("a", call("x"))), saved(case("a", call("x", decision="deny"))))
    assert asked.second == 'x {"body":{"n":1}}, deny, not sent'
    (ended,) = differences(saved(case("a", call("x"))), saved(case("a")))
    assert (ended.step, ended.second) == (1, "nothing more")


def test_runs_that_end_otherwise_differ_at_their_end() -> None:
    (found,) = differences(saved(case("a")), saved(case("a", answer="no")))
    assert (found.step, found.first, found.second) == (0, "completed: done", "completed: no")


def test_cases_of_one_run_alone_are_named() -> None:
    found = differences(saved(case("a"), case("b")), saved(case("b"), case("c")))
    assert [(each.case, each.first, each.second) for each in found] == [
        ("a", "completed: done", "it was not run"),
        ("c", "it was not run", "completed: done"),
    ]


def test_runs_of_two_suites_are_not_compared() -> None:
    with pytest.raises(Invalid, match="one is of smoke, the other of other"):
        differences(saved(), saved(suite="other"))


def test_a_run_is_written_and_read_and_what_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    save(file, {"suite": "smoke", "model": "gold", "passed": 1, "outcomes": [case("a", call("x"))]})
    assert read_saved(read_file(file), "run.json") == saved(case("a", call("x")))
    with pytest.raises(Invalid, match="in there, as"):
        read_saved(b'{"suite": "smoke"}', "there")
    with pytest.raises(Invalid, match="--save"):
        read_file(tmp_path / "none.json")
    with pytest.raises(Invalid, match="cannot"):
        save(tmp_path / "no" / "run.json", {})
