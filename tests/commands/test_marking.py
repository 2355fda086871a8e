"""Values of marked arguments are hidden wherever a model may write arguments."""

import json

import pytest

from commands.marking import _moved, _written
from domain.content import content


def test_the_arguments_of_a_choice_are_looked_at_even_if_it_cannot_be_used() -> None:
    reply = content(b'Sure: {"tool": "a", "result": "and a result", "arguments": {"body": {"p": 1, "p": 2}}}')
    assert list(_written(reply)) == [("a", ("arguments",), ())]
    assert list(_written(content(b"no JSON at all"))) == []


def test_a_slot_holds_the_argument_that_it_names() -> None:
    plan = {"steps": [{"goal": "x"}, {"tool": "a", "slots": [{"argument": "/body/user/password", "value": "x"}]}]}
    ((tool, at, path),) = _written(content(json.dumps(plan).encode()))
    assert (tool, at, path) == ("a", ("steps", "1", "slots", "0", "value"), ("body", "user", "password"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), {("at", "body", "user", "password"): "secret"}),
        (("body", "user"), {("at", "password"): "secret"}),
        (("body", "user", "password", "deeper"), {("at",): "secret"}),
        (("body", "other"), {}),
    ],
)
def test_marks_move_to_where_an_argument_stands(path: tuple[str, ...], expected: dict[tuple[str, ...], str]) -> None:
    assert dict(_moved({("body", "user", "password"): "secret"}, path, ("at",))) == expected
