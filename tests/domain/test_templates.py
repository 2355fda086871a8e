"""What agents are told first is filled from the session's state; a template with a fault is refused with its place."""

import pytest
from hypothesis import given as given_any
from hypothesis import strategies
from msgspec.structs import replace

from domain.catalog.defaults import DEFAULT_AGENTS, EXECUTOR
from domain.errors import Invalid
from domain.session.effects import AskModel
from domain.session.prompt import prompt
from domain.session.templates import FIELDS, check_template, rendered
from tests.domain.story import given, goal, plan
from tests.domain.test_prompt import shop, tool


def told(template: str, *, syntax: str = "fields") -> str:
    """Return the first message of a step's question to an agent with a template."""
    agent = replace(EXECUTOR, prompt_template=template, template_syntax=syntax)
    catalog = replace(shop(tool("create_order"), tool("list_stock")), agents=(agent,))
    story = given(goal(), plan(()))
    effect = story.owed()
    assert isinstance(effect, AskModel)
    return prompt(story.session, effect.model, catalog).messages[0].text


def test_every_field_is_filled_from_the_session_and_its_catalogue() -> None:
    assert told("{user}|{roles}|{agent}|{name}|{role}") == "ada|none|executor|Executor|executor"
    assert told("{purpose} {step}: {goal}") == "choose 1: Order what runs low"
    assert told("{tools} since {date}") == "create_order, list_stock since 2026-11-01"


def test_braces_that_are_meant_are_written_twice() -> None:
    assert told('Answer {{"user": "{user}"}}') == 'Answer {"user": "ada"}'


def test_what_fills_a_field_is_not_filled_again() -> None:
    assert rendered("{goal}", ("{user} {{",)) == "{user} {{"


def test_a_template_of_an_earlier_version_is_taken_as_it_stands() -> None:
    assert told('{"user": {user}} {nobody}', syntax="plain") == '{"user": {user}} {nobody}'


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("You help.\nAsk {usr}.", "the unknown field {usr} in line 2, column 5"),
        ("{}", "the unknown field {} in line 1, column 1"),
        ('{"a": 1}', 'the unknown field {"a": 1} in line 1, column 1'),
        ("a } b", "a single } in line 1, column 3"),
        ("{{user}", "a single } in line 1, column 7"),
        ("{user.name}", "the unknown field {user.name}"),
        ("{user!r} {user:>9999999}", "the unknown field {user!r}"),
    ],
)
def test_a_fault_is_named_with_its_place_and_the_known_fields(template: str, said: str) -> None:
    with pytest.raises(Invalid, match=r"The fields are \{goal\}, \{user\}, ") as refused:
        check_template(template)
    assert said in str(refused.value)


def test_the_agents_that_are_there_by_default_can_be_told() -> None:
    for agent in DEFAULT_AGENTS.values():
        check_template(agent.prompt_template)
    assert {agent.role for agent in DEFAULT_AGENTS.values()} == set(DEFAULT_AGENTS)


@given_any(
    strategies.lists(strategies.sampled_from(["{user}", "{{", "}}", "{", "}", "{x}", "\n"]), max_size=8).map("".join)
)
def test_any_text_is_refused_or_filled(template: str) -> None:
    try:
        check_template(template)
    except Invalid:
        return
    assert told(template).count("ada") == template.replace("{{", "").replace("}}", "").count("{user}")


@given_any(strategies.text(max_size=50))
def test_any_text_with_its_braces_doubled_is_told_as_it_is(text: str) -> None:
    assert told(text.replace("{", "{{").replace("}", "}}")) == text


def test_a_template_may_name_every_field() -> None:
    assert "{" not in told(" ".join(f"{{{name}}}" for name in FIELDS))
