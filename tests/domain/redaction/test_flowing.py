"""A text that is still being written shows no value that redaction hides, wherever it is cut into pieces."""

import json
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.redaction.arguments import Arguments
from domain.redaction.flowing import Flow
from domain.redaction.hiding import Hider
from ops.bootstrap.redaction import EVERY

VALUES = (
    "mia.faux+shop@mail.example.org",
    "4111 1111 1111 1111",
    "4111111111111111",
    "DE89 3704 0044 0532 0130 00",
    "GB82 WEST 1234 5698 7654 32",
    "+49 30 901820",
    "(020) 7946 0958 ext. 12",
    "078-05-1120",
    "203.0.113.77",
    "2001:db8:85a3::8a2e:370:7334",
    "RSSMRA85T10A562S",
    "12345678Z",
    "Mia Faux, 12 Rue des Lilas",
)
WORDS = (
    "and",
    "the",
    "ship it",
    "2 mugs",
    "12.50 EUR",
    "(office)",
    "phone",
    "x",
    ".",
    ", ",
    "\n",
    "NHS",
    '"',
    "\\",
    "M",
)


def knowing(*values: str) -> Hider:
    hider = Hider(EVERY)
    for number, value in enumerate(values, 1):
        hider.learn(f"[private:{number}]", value)
    return hider


def shown(pieces: Iterable[str], *known: str) -> str:
    flow = Flow(knowing(*known))
    return "".join(map(flow.take, pieces))


def pieces(text: str, cuts: Iterable[int]) -> list[str]:
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(st.lists(st.sampled_from(VALUES + WORDS), max_size=12), CUTS, st.booleans())
@example(["phone", "+49 30 901820", "(office)"], list(range(60)), False)
@example(["GB82 WEST 1234 5698 7654 32", "x"], list(range(60)), True)
def test_no_value_is_shown_wherever_its_text_is_cut(words: list[str], cuts: list[int], as_json: bool) -> None:
    text = " ".join(words)
    hidden, _ = knowing(VALUES[-1]).hide(text)
    gone = [value for value in VALUES if value in text and value not in hidden]
    told = shown(pieces(json.dumps({"answer": text}) if as_json else text, cuts), VALUES[-1])
    assert [value for value in gone if value in told or value.replace(" ", "") in told] == []


@given(st.text(st.sampled_from('a 1@.\\u0034{}":,+-(x\n４١'), max_size=80), CUTS)
def test_the_cuts_change_nothing_of_what_the_whole_is_shown_as(text: str, cuts: list[int]) -> None:
    ended = text + "\n end of it "
    assert shown(pieces(ended, cuts)).startswith(shown([ended])[: len(shown(pieces(ended, cuts)))])


def test_what_can_be_no_value_is_shown_at_once_and_the_rest_as_soon_as_it_is_over() -> None:
    flow = Flow(knowing("Mia Faux"))
    assert flow.take("Write to mia@ma") == "Write to "
    assert flow.take("il.example, or call") == "(email), or "
    assert flow.take(" 4111 1111 1111 1") == "call "
    assert flow.take("111 and so on") == "(card) and so "
    assert flow.take(" to Mia") == "on to "
    assert flow.take(" Faux,") == "[private:1],"
    assert flow.take(" 2 mugs of her") == " 2 mugs of "


@pytest.mark.parametrize(
    "written",
    [
        '{"a":"mia\\u0040mail.example',
        '{"a":"x\\n4111111111111111',
        '{"a":"\\ud835\\udfd2111111111111111',
        '{"phone":4915123456789',
    ],
)
def test_a_value_is_found_behind_the_escapes_of_json(written: str) -> None:
    for step in (1, 3, 7):
        told = shown([written[at : at + step] for at in range(0, len(written), step)] + ['"} '])
        assert "example" not in told and "1111" not in told and "4915" not in told
        assert told.startswith(written[:4])


def test_a_text_without_end_is_not_held_for_ever() -> None:
    flow = Flow(Hider(EVERY))
    told = sum(len(flow.take("7" * 100)) for _ in range(100))
    assert told > 8_000


CHOICE = '{"tool": "add", "arguments": {"name": "Mia \\"M\\" Faux", "age": 41, "of": [{"x": null}]}, "why": "so"}'
PLAN = '{"steps": [{"goal": "look", "value": 1, "slots": [{"argument": "/a", "value": "Mia"}]}]}'


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (CHOICE, '{"tool": "add", "arguments": {"name": "…", "age": "…", "of": [{"x": "…"}]}, "why": "so"}'),
        (PLAN, '{"steps": [{"goal": "look", "value": 1, "slots": [{"argument": "/a", "value": "…"}]}]}'),
        (
            'So [1] it "is": {"answer": "a\\\\"} or "arguments": 3',
            'So [1] it "is": {"answer": "a\\\\"} or "arguments": 3',
        ),
        ('{"argum\\u0065nts": "Mia"}', '{"argum\\u0065nts": "…"}'),
        ('}]{"a" 1 [}]', '}]{"a" 1 [}]'),
    ],
)
def test_values_of_arguments_are_left_out(reply: str, told: str) -> None:
    for step in (1, 2, 5, 200):
        arguments = Arguments()
        assert "".join(arguments.take(reply[at : at + step]) for at in range(0, len(reply), step)) == told


SIGNS = (*'{}[]",:\\ u1', '"arguments":', '"slots":', '"value": ', "\\u00e4")


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join), CUTS)
def test_whatever_is_written_the_cuts_change_nothing(text: str, cuts: list[int]) -> None:
    whole, cut = Arguments(), Arguments()
    assert "".join(map(cut.take, pieces(text, cuts))) == whole.take(text)
