"""Suites load their cases, and grade what was found by what was needed."""

import json
from pathlib import Path

import pytest

from commands.finding import Finder
from domain.errors import Invalid, NotFound
from ops.evaluation.restbench import HELD_OUT, cases
from ops.evaluation.retrieval import Case, measured, recall, run
from ops.evaluation.suite import EVAL_DATA, data_of
from ops.evaluation.suites import SUITES, suite_of
from tests.domain.retrieval.test_finding import LIBRARY

BOTH = Case(api="library", text="birthday", gold=("GET /search/author", "GET /author/{author_id}"))
HALF = Case(api="library", text="birthday", gold=("GET /author/{author_id}", "GET /invoices"))


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


async def test_recall_is_the_share_of_needed_operations_that_were_found() -> None:
    outcomes = await run(Finder(), LIBRARY, [BOTH, HALF], quiet, most=2)
    assert [each.missed for each in outcomes] == [(), ("GET /invoices",)] and recall(outcomes) == 0.75


async def test_an_operation_of_another_api_is_not_the_one_that_is_needed() -> None:
    (outcome,) = await run(Finder(), LIBRARY, [Case(api="other", text="birthday", gold=BOTH.gold)], quiet)
    assert outcome.found == ()


async def test_figures_say_what_was_measured_and_what_was_missed() -> None:
    figures = await measured(Finder(), LIBRARY, [BOTH, HALF], quiet, most=2)
    assert (figures["cases"], figures["pool"], figures["recall_at_2"]) == (2, len(LIBRARY), 0.75)
    assert figures["method"] == "words.v1" and figures["missed"] == {"birthday": ("GET /invoices",)}


def test_the_data_is_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "restbench").mkdir()
    monkeypatch.setenv(EVAL_DATA, str(tmp_path))
    assert data_of(SUITES["restbench"], None) == tmp_path / "restbench"
    assert data_of(SUITES["restbench"], str(tmp_path)) == tmp_path and data_of(SUITES["shop"], None) is None
    with pytest.raises(NotFound, match="shop, smoke, household, workplace, restbench"):
        suite_of("nothing")


def test_the_data_is_repaired_as_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "tmdb.json"
    file.write_text(json.dumps([{"query": "q", "solution": [" GET  /a ", "GET /person/{movie_id}/movie_credits"]}]))
    assert cases(file, "a")[0].gold == ("GET /a", "GET /person/{person_id}/movie_credits")
    file.write_text("[")
    with pytest.raises(Invalid, match=r"tmdb\.json"):
        cases(file, "a")


def test_what_is_held_out_is_there() -> None:
    assert len(cases(HELD_OUT, "restbench-spotify")) == 24
