"""Figures are held against thresholds, and one that names no figure is refused."""

import pytest

from domain.errors import Invalid, NotPossible
from ops.evaluation.gates import check_figures, check_known, kept_thresholds, read_threshold
from ops.evaluation.suites import SUITES

FIGURES = {"through": 2, "recall": 0.75, "method": "words", "fine": True, "suites": {"bank": {"through": 1}}}


@pytest.mark.parametrize(
    "text", ["through<=2", "through>=2", "through==2", "through < 3", " recall>0.7 ", "suites.bank.through<=1"]
)
def test_a_threshold_that_is_reached_says_nothing(text: str) -> None:
    check_figures(FIGURES, [read_threshold(text)])


def test_every_threshold_that_is_missed_is_told_with_what_the_figure_is() -> None:
    thresholds = map(read_threshold, ["through<=1", "recall>=0.8", "recall>=0.5"])
    with pytest.raises(NotPossible, match=r"through<=1 \(it is 2\), recall>=0.8 \(it is 0.75\)\.$"):
        check_figures(FIGURES, thresholds)


@pytest.mark.parametrize("name", ["thruogh", "method", "fine", "suites", "suites.bank", "suites.bank.recall", "a.b.c"])
def test_a_threshold_that_names_no_figure_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(Invalid, match=r"one of through, recall, suites\.bank\.through, but"):
        check_figures(FIGURES, [read_threshold(f"{name}<=1")])


@pytest.mark.parametrize(
    "text", ["", "through", "through<=", "<=2", "through=<2", "through<=two", "a b<=1", "a<=1;b<=2"]
)
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="through<=2"):
        read_threshold(text)


def test_a_figure_that_a_suite_does_not_have_is_refused_before_it_is_run() -> None:
    names = ("cases", "suites.*.through")
    check_known(names, map(read_threshold, ["cases>=1", "suites.bank.through<=0"]))
    for wrong in ("case>=1", "suites.bank.thruogh<=0", "through<=1"):
        with pytest.raises(Invalid, match=r"one of cases, suites\.\*\.through, but"):
            check_known(names, [read_threshold(wrong)])


@pytest.mark.parametrize("name", SUITES)
def test_what_was_reached_is_of_figures_that_the_suite_names(name: str) -> None:
    assert SUITES[name].figures
    check_known(SUITES[name].figures, kept_thresholds(name))


def test_what_was_reached_is_kept_for_suites_that_exist() -> None:
    assert all(kept_thresholds(name) for name in ("household",))
    assert kept_thresholds("nothing") == () and "household" in SUITES
