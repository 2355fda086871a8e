"""Suites are listed and run; one whose data is missing says where to get it."""

import os

import pytest

from ops.evaluation.suite import EVAL_DATA
from tests.ops.cli.conftest import Say


def test_the_shop_suite_needs_no_data(say: Say) -> None:
    said = say("eval", "run", "shop", "--json")
    assert said.code == 0 and said.json["suite"] == "shop" and said.json["pool"] == 10
    assert said.json["recall_at_3"] >= 0.9
    assert "recall_at_3" in say("eval", "run", "shop").output


def test_suites_are_listed_with_where_their_data_is_from(say: Say) -> None:
    assert {each["suite"]: bool(each["source"]) for each in say("eval", "list", "--json").json} == {
        "shop": False,
        "restbench": True,
    }


def test_a_suite_without_its_data_says_where_to_get_it(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EVAL_DATA, raising=False)
    said = say("eval", "run", "restbench")
    assert said.code == 1 and "RestGPT" in said.errors and "--data" in said.errors
    monkeypatch.setenv(EVAL_DATA, "/nowhere")
    assert "in /nowhere/restbench" in say("eval", "run", "restbench").errors
    assert say("eval", "run", "nothing").code == 1


@pytest.mark.skipif(not os.environ.get(EVAL_DATA), reason=f"{EVAL_DATA} is not set")
def test_restbench_is_found_by_words_alone_among_all_documents(say: Say) -> None:
    figures = say("eval", "run", "restbench", "--json").json
    assert figures["cases"] == 100 and figures["pool"] > 3_000
    assert figures["recall_at_10"] >= 0.62 and figures["held_out_recall_at_10"] >= 0.6
