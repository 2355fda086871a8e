"""Values are found where escapes, texts within texts, lines of JSON and letters would conceal them."""

import json

import pytest

from domain.redaction.hiding import Hider
from domain.redaction.patterns import RECOGNISERS
from domain.redaction.texts import hide_text
from domain.redaction.tokens import substituted

MAIL, CARD = "ada@example.org", "4111111111111111"
ESCAPED = r"ada\u0040example.org"


def within(text: str, times: int) -> str:
    return text if not times else json.dumps({"said": within(text, times - 1)})


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_escape_in_a_text_within_texts_hides_nothing(times: int) -> None:
    written = within(f'{{"to": "{ESCAPED}", "n": 1}}', times)
    hidden = hide_text(Hider(RECOGNISERS), written)
    assert within('{"to": "[email:1]", "n": 1}', times) == hidden.text
    assert sum(hidden.places.values()) == 1


def test_lines_of_json_are_looked_through_one_by_one() -> None:
    lines = f'{{"to": "{ESCAPED}"}}\n{{"to": "bob"}}\r\nand {{"cc": "{ESCAPED}"}}\n'
    hidden = hide_text(Hider(RECOGNISERS), lines)
    assert hidden.text == '{"to": "[email:1]"}\n{"to": "bob"}\r\nand {"cc": "[email:1]"}\n'
    assert hidden.places == {("email", "/to"): 1, ("email", "/cc"): 1}


def test_a_text_with_escapes_and_without_values_stays_word_for_word() -> None:
    for text in (r'{"said": "{\"a\": \"b\\u00e9\", \"c\": [1, 2.50]}"}', '{"a": "x\\ny"}\n{"b": 1}\n', "a\\b\nc"):
        assert hide_text(Hider(RECOGNISERS), text).text == text


@pytest.mark.parametrize("text", [f"card{CARD}", f"Visa{CARD}", f"card_{CARD}_a", f"{CARD}_x"])
def test_a_card_is_found_behind_a_line_or_a_word_for_it(text: str) -> None:
    assert CARD not in Hider(RECOGNISERS).hide(text)[0]


@pytest.mark.parametrize("text", [f"x{CARD}", f"deadbeef{CARD}", f"{CARD}abc", f"discard{CARD}"])
def test_figures_that_other_letters_touch_stay(text: str) -> None:
    assert Hider(RECOGNISERS).hide(text)[0] == text


def test_an_iban_is_found_behind_its_own_name() -> None:
    assert Hider(RECOGNISERS).hide("IBANDE89370400440532013000")[0] == "IBAN[iban:1]"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"see {ESCAPED} now", "see [email:1] now"),
        (f'{{"a": "{ESCAPED}"}} and {{"b": "{ESCAPED}"}}', '{"a": "[email:1]"} and {"b": "[email:1]"}'),
        (f'Result: ["{ESCAPED}"]', 'Result: ["[email:1]"]'),
        (json.dumps({"said": f"see {ESCAPED} now"}), '{"said": "see [email:1] now"}'),
        (rf'{{"text": "cards:\n{CARD}\n and some that were cu', r'{"text": "cards:\n[card:1]\n and some that were cu'),
        (r"ada\u002elovelace@example.org", "[email:1]"),
    ],
)
def test_an_escape_in_what_is_no_json_hides_nothing_either(text: str, left: str) -> None:
    assert hide_text(Hider(RECOGNISERS), text).text == left


def test_a_known_value_that_is_written_with_escapes_is_put_back_as_it_was_written() -> None:
    hider = Hider(RECOGNISERS)
    hidden = hide_text(hider, f"{MAIL} or {ESCAPED}").text
    assert "example" not in hidden
    assert substituted(hidden, hider.values.__getitem__) == f"{MAIL} or {ESCAPED}"
