"""What the rules make of every tool is written down, so that nobody changes a rule without seeing what it changes."""

import os

import pytest

from ops.bootstrap.evaluation import document_reader
from ops.evaluation.injection.annotations import annotations, kept
from ops.evaluation.injection.cases import PlainTool, Setting
from ops.evaluation.suite import EVAL_DATA, data_of
from ops.evaluation.suites import SUITES

WITHOUT_DATA = not os.environ.get(EVAL_DATA)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            suite.name, marks=pytest.mark.skipif(bool(suite.source) and WITHOUT_DATA, reason=f"{EVAL_DATA} is not set")
        )
        for suite in SUITES.values()
        if suite.settings
    ],
)
def test_the_rules_make_of_a_suites_tools_what_is_written_down(name: str) -> None:
    suite = SUITES[name]
    assert suite.settings is not None
    found = annotations(suite.settings(data_of(suite, None)), document_reader())
    assert found == kept(name), f"run `reprise eval tools {name} --keep`, and look at what has changed"
    assert found


def test_a_tool_is_told_by_its_words_and_schema_alone() -> None:
    text = {"type": "string"}
    tools = (
        PlainTool(name="zap_send", description="", parameters={"properties": {"to": text, "note": text}}),
        PlainTool(name="list_zaps", description="", parameters={"properties": {"page_url": text, "n": text}}),
        PlainTool(name="frobnicate", description="", parameters={"properties": {"a": text, "b": {"type": "boolean"}}}),
    )
    setting = Setting(suite="s", tools=tools, user_tasks=(), injection_tasks=())
    frob, zaps, send = annotations([setting], document_reader())
    assert (send.effect, send.sinks, send.sends) == ("write", ("/body/to",), True)
    assert (zaps.effect, zaps.sinks, zaps.sends) == ("read", ("/body/page_url",), True)
    assert (frob.effect, frob.sinks, frob.sends) == ("write", ("/body/a",), False)
