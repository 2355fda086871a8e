"""A token in recorded arguments stands for a value that was taken: what it breaks by itself is no news."""

from commands.drift.comparing import _news
from domain.encoding import foreign

PROBLEM, NEW = "/body/to: expected an e-mail address", "/body/at: is required"


def test_what_a_token_breaks_under_both_revisions_is_left_out() -> None:
    arguments = foreign({"body": {"to": "[email:1]"}})
    assert _news(arguments, [PROBLEM, NEW], [PROBLEM]) == [NEW]


def test_arguments_without_tokens_are_told_in_full() -> None:
    assert _news(foreign({"body": {"to": "ada"}}), [PROBLEM, NEW], [PROBLEM]) == [PROBLEM, NEW]
