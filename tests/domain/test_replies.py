"""What is read from a model's reply says one thing only."""

import pytest

from domain.content import content
from domain.session.replies import Unreadable, read_choice


@pytest.mark.parametrize(
    "arguments", ['{"body": {"n": 1, "n": 2}}', '{"path": {}, "path": {}}', '{"a": [{"b": 1, "b": 1}]}']
)
def test_arguments_that_say_a_key_twice_are_refused(arguments: str) -> None:
    with pytest.raises(Unreadable, match="every key of an object once"):
        read_choice(content(b'{"tool": "t", "arguments": ' + arguments.encode() + b"}"))


def test_the_same_key_in_two_objects_is_no_doubling() -> None:
    choice = read_choice(content(b'{"tool": "t", "arguments": {"body": {"n": -0}, "path": {"n": 1}}}'))
    assert bytes(choice.arguments) == b'{"body": {"n": -0}, "path": {"n": 1}}'
