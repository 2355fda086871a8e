"""What is read from a model's reply says one thing only."""

import pytest

from domain.content import content
from domain.session.decide import BEHAVIOUR
from domain.session.replies import Unreadable, read_choice, said_at_once
from tests.domain.story import given, goal, plan, replied


@pytest.mark.parametrize(
    "arguments", ['{"body": {"n": 1, "n": 2}}', '{"path": {}, "path": {}}', '{"a": [{"b": 1, "b": 1}]}']
)
def test_arguments_that_say_a_key_twice_are_refused(arguments: str) -> None:
    with pytest.raises(Unreadable, match="every key of an object once"):
        read_choice(content(b'{"tool": "t", "arguments": ' + arguments.encode() + b"}"))


def test_the_same_key_in_two_objects_is_no_doubling() -> None:
    choice = read_choice(content(b'{"tool": "t", "arguments": {"body": {"n": -0}, "path": {"n": 1}}}'))
    assert bytes(choice.arguments) == b'{"body": {"n": -0}, "path": {"n": 1}}'


def test_a_model_that_calls_two_tools_at_once_is_told_to_call_one() -> None:
    both = '{"tool": "create_order"}\n{"tool": "create_order"}'
    for behaviour, words in ((BEHAVIOUR, "got 2: say one thing, or call one tool, at a time"), (2, "trailing")):
        story = given(goal(behaviour=behaviour), plan(())).when(replied("choose-1-1", both))
        assert words in story.last.fault
    assert said_at_once(content(b'{"tool": "a",\n"arguments": {}}\nand no more')) == ""
