"""What redaction finds is measured: what has check digits is found, and what nothing finds is said."""

import os
from pathlib import Path

import pytest

from domain.redaction.spans import Span
from ops.evaluation.pii import Marked, cases, classes, own_cases
from ops.evaluation.suite import Wanted
from ops.evaluation.suites import suite_of
from ops.settings import Settings

CHECKED = ("card", "codice-fiscale", "cpf", "dni", "hetu", "iban", "nhs", "nir")
BY_FORM = ("email", "ip", "ssn")


def data() -> Path:
    root = os.environ.get("REPRISE_EVAL_DATA")
    if not root:
        pytest.skip("REPRISE_EVAL_DATA is not set: the marked texts of presidio-research are not here")
    return Path(root) / "pii"


def test_of_our_own_texts_every_value_is_found_and_nothing_else() -> None:
    figures = classes(own_cases())
    for kind in (*CHECKED, *BY_FORM, "phone"):
        assert figures[kind]["recall"] == figures[kind]["precision"] == 1.0, kind
    assert figures["name"]["recall"] == figures["address"]["recall"] == 0.0


def test_of_the_public_texts_the_promised_shares_are_found() -> None:
    figures = classes(cases(data() / "texts.json"))
    for kind in ("card", "iban", *BY_FORM):
        assert figures[kind]["recall"] >= 0.99, kind  # type: ignore[operator]
        assert figures[kind]["precision"] >= 0.99, kind  # type: ignore[operator]
    assert figures["phone"]["recall"] >= 0.95 and figures["phone"]["precision"] >= 0.95  # type: ignore[operator]


def test_a_value_that_is_found_in_part_does_not_count() -> None:
    marked = Marked("to ada@example.org", (Span(0, 18, "email"),))
    assert classes([marked])["email"] == {"recall": 0.0, "precision": 0.0, "marked": 1}


async def test_the_suite_prints_its_figures() -> None:
    wanted = Wanted(settings=Settings(), data=data(), embeddings=False, progress=lambda *_: None)
    figures = await suite_of("pii").run(wanted)
    assert figures["cases"] == 750 and figures["own_cases"] == len(own_cases())
    named = figures["classes"]
    assert isinstance(named, dict)
    assert named["name"] == {"recall": 0.0, "precision": None, "marked": 431}
