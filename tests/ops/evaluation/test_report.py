"""A report is a page by itself: well formed, nothing in it is code, and nothing is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from domain.errors import Invalid
from ops.evaluation.report import LABEL, WIDTH, page, write_report
from ops.evaluation.tasks.dataset import ExpectedCall
from ops.evaluation.tasks.grading import Done, Outcome

HOSTILE = "<script>alert('&\"')</script>"


def tree(**figures: Any) -> ElementTree.Element:
    text = page({"suite": "s", **figures}).replace("<!doctype html>\n", "").replace('<meta charset="utf-8">', "")
    return ElementTree.fromstring(text.replace("<br>", "<br/>"))


def bars(root: ElementTree.Element) -> list[tuple[str, float]]:
    found = []
    for svg in root.iter("svg"):
        children = list(svg)
        found += [
            (str(label.text), float(bar.attrib["width"])) for label, bar, _ in zip(*[iter(children)] * 3, strict=True)
        ]
    return found


def test_counts_are_scaled_by_the_largest_and_shares_by_one() -> None:
    root = tree(cases=10, through=5, recall=0.25)
    assert bars(root) == [("cases", WIDTH), ("through", WIDTH / 2), ("recall", WIDTH / 4)]
    assert all(float(each.attrib["width"]) >= LABEL + WIDTH for each in root.iter("svg"))


def test_a_table_begins_with_the_case_and_has_no_column_in_which_nothing_stands() -> None:
    rows = [{"answer": "a", "parts": [{"n": 1}, {"n": 2}], "case": "one", "unmet": []}, {"answer": "b", "case": "two"}]
    root = tree(outcomes=rows)
    assert [each.text for each in root.iter("th")] == ["case", "answer", "parts"]
    assert [each.text for each in root.iter("code")] == ['{"n":1}', '{"n":2}']
    assert not list(root.iter("p")), "the suite is named by the title"


def test_figures_of_each_world_are_charts_of_their_own() -> None:
    root = tree(suites={"bank": {"through": 0, "fine": 3}, "shop": {"through": 2, "fine": 1}})
    assert [each.text for each in root.iter("h3")] == ["fine", "through"]
    assert bars(root) == [("bank", WIDTH), ("shop", round(WIDTH / 3, 1)), ("bank", 0), ("shop", WIDTH)]


def outcome(*calls: Done, expected: Sequence[ExpectedCall] = (), exact: bool = False) -> Outcome:
    return Outcome(
        case="a",
        session="s",
        status="completed",
        answer="",
        calls=calls,
        expected=tuple(expected),
        grades={"exact": exact},
    )


def done(tool: str, *, sent: bool = True, **arguments: Any) -> Done:
    return Done(tool=tool, arguments={"query": arguments}, decision="allow", sent=sent)


def wanted(tool: str, **arguments: Any) -> ExpectedCall:
    return ExpectedCall(tool=tool, arguments={"query": arguments})


def rows(root: ElementTree.Element) -> list[list[str]]:
    (table,) = [each for each in root.iter("table") if each.get("class") == "calls"]
    return [["".join(cell.itertext()) for cell in row] for row in list(table)[1:]]


def test_outcomes_are_a_table_with_what_every_grader_said() -> None:
    text = "".join(tree(outcomes=[outcome(done("look", id=7))]).itertext())
    assert "exact: no" in text and "query.id 7" in text


def test_calls_stand_beside_those_that_were_expected_and_what_differs_is_marked() -> None:
    expected = [wanted("look", id=7), wanted("order", id=7, many=[1, 2]), wanted("ship", id=7)]
    made = [done("look", id=7), done("peek", sent=False), done("order", id=7, many=[1, 3])]
    root = tree(outcomes=[outcome(*made, expected=expected)])
    assert rows(root) == [
        ["1", "lookquery.id 7", "lookquery.id 7", "allow"],
        ["2", "none", "peek", "allow, not sent"],
        [
            "3",
            "orderquery.id 7query.many[0] 1query.many[1] 2",
            "orderquery.id 7query.many[0] 1query.many[1] 3",
            "allow",
        ],
        ["4", "shipquery.id 7", "not made", ""],
    ]
    assert [each.text for each in root.iter("del")] == ["2", "7"]
    assert [each.text for each in root.iter("ins")] == ["3"]


def test_calls_of_which_nothing_was_expected_are_shown_without_marks() -> None:
    root = tree(outcomes=[outcome(done("look", id=7))])
    assert rows(root) == [["1", "lookquery.id 7", "allow"]] and not list(root.iter("ins"))


@pytest.mark.parametrize("exact", [True, False])
def test_calls_of_a_case_that_went_wrong_are_seen_at_once(exact: bool) -> None:
    (details,) = tree(outcomes=[outcome(done("look", id=7), exact=exact)]).iter("details")
    assert (details.get("open") is None) == exact


@pytest.mark.parametrize(
    "figures",
    [
        {HOSTILE: 1},
        {"a": HOSTILE},
        {"a": [HOSTILE]},
        {"a": {HOSTILE: [HOSTILE]}},
        {"a": [{HOSTILE: HOSTILE}]},
        {"a": {HOSTILE: {HOSTILE: 2}}},
        {"a": [{"case": HOSTILE, "calls": [{"tool": HOSTILE, "arguments": {HOSTILE: HOSTILE}}]}]},
        {"suite": HOSTILE},
    ],
)
def test_whatever_a_figure_says_is_shown_and_never_code(figures: dict[str, Any]) -> None:
    root = tree(**figures)
    assert not list(root.iter("script")) and HOSTILE.replace("_", " ") in "".join(root.itertext())


def test_nothing_is_loaded() -> None:
    for word in ("src=", "href=", "url(", "@import", "http"):
        assert word not in page({"suite": "s", "cases": 1, "leaks": ["a"], "suites": {"a": {"b": 1}}})


def test_a_report_is_written_or_refused(tmp_path: Path) -> None:
    write_report(tmp_path / "r.html", {"suite": "smoke"})
    assert "Evaluation: smoke" in (tmp_path / "r.html").read_text()
    with pytest.raises(Invalid, match=r"r\.html cannot"):
        write_report(tmp_path / "none" / "r.html", {})
