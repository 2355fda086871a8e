"""The review by code keeps its promise on our own shop, and on recorded outputs where they are there."""

import ast
import os
from pathlib import Path

import pytest

from ops.evaluation.review import mutators
from ops.evaluation.review.suite import OWN, cases, load, measured
from ops.evaluation.suite import EVAL_DATA

LEAST_CAUGHT, MOST_ALARMS, LEAST_FAULTS = 0.9, 0.02, 200
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("shop", ["own", "tau2-retail"])
def test_faults_are_caught_and_correct_twins_pass_in_words_that_nothing_was_set_by(shop: str) -> None:
    root = os.environ.get(EVAL_DATA)
    if shop != "own" and not root:
        pytest.skip(f"{EVAL_DATA} is not set")
    file = OWN if shop == "own" else Path(str(root)) / shop / "db.json"
    found = measured(list(cases(load(file), report=True)))
    assert found["faults"] >= LEAST_FAULTS
    assert found["caught"] >= LEAST_CAUGHT, found
    assert found["false_alarms"] <= MOST_ALARMS, found


def test_each_fault_differs_from_its_twin_in_the_fault_alone() -> None:
    made = list(cases(load(OWN), report=True, sets=20))
    for twin, faulty in zip(made[::2], made[1::2], strict=True):
        assert (twin.fault, bool(faulty.fault)) == ("", True)
        assert twin.claim != faulty.claim
        assert (twin.sources, twin.criteria) == (faulty.sources, faulty.criteria)


def test_the_review_knows_nothing_of_the_faults() -> None:
    assert set(mutators.TO_SET).isdisjoint(mutators.TO_REPORT)
    for file in (ROOT / "domain/reviewing").glob("*.py"):
        names = [
            node.module or "" for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)
        ]
        assert not [name for name in names if name.startswith("ops")], file
