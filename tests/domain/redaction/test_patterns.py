"""What is recognised by its form is what it looks like by its check digits, however it is written."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.redaction import checksums
from domain.redaction.folding import folded
from domain.redaction.patterns import RECOGNISERS, compact
from domain.redaction.spans import Span, apart

SEPARATORS = st.sampled_from(["", " ", "-", "\u2013", "\u00a0", "\u200b"])


def found(kind: str, text: str) -> list[str]:
    return [text[span.start : span.end] for span in RECOGNISERS[kind](folded(text))]


def with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if checksums.luhn(digits + last))


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), SEPARATORS, st.booleans())
def test_every_card_is_found_however_its_groups_are_parted(digits: str, separator: str, foreign: bool) -> None:
    number = with_check_digit(digits)
    written = separator.join(number[start : start + 4] for start in range(0, 16, 4))
    if foreign:
        written = "".join(chr(0x0966 + int(sign)) if sign.isdigit() else sign for sign in written)
    assert found("card", f"the card {written} it is") == [written]


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), st.integers(1, 9))
def test_a_card_with_a_wrong_digit_is_none(digits: str, shift: int) -> None:
    right = with_check_digit(digits)
    assert found("card", f"{digits}{(int(right[-1]) + shift) % 10}") == []


@given(st.sampled_from(sorted(checksums.IBAN_LENGTHS)), st.data())
def test_every_iban_is_found_and_no_mistyped_one(country: str, data: st.DataObject) -> None:
    account = data.draw(st.text("0123456789", min_size=checksums.IBAN_LENGTHS[country] - 4).map(str))
    account = account[: checksums.IBAN_LENGTHS[country] - 4]
    rest = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00")) % 97
    iban = f"{country}{98 - rest:02}{account}"
    spaced = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    assert found("iban", f"pay {spaced} now") == [spaced]
    assert found("iban", f"pay {iban.lower()} now") == [iban.lower()]
    wrong = iban[:-1] + str((int(iban[-1]) + 1) % 10)
    assert found("iban", f"pay {wrong} now") == []


@pytest.mark.parametrize(
    "text",
    [
        "order 1700000000000 of 0.4111111111111111 and 4111111111111112",
        "digest 4111111111111111ab, id ab4111111111111111",
        "@ada ada@ ada@localhost a @ b.org",
        "12:30:45 std::vector 127.0.0.1 ::1 256.1.1.1 v1.2.3.4 version 10.0.0.1",
        "000-12-3456 666-12-3456 123-00-4567 123-45-0000 457555462",
        "12345678A RSSMRA85T10A562T 111.444.777-36 131052-308U nhs 943 476 5918",
    ],
)
def test_what_only_resembles_a_value_is_left_alone(text: str) -> None:
    assert [(kind, found(kind, text)) for kind in RECOGNISERS if found(kind, text)] == []


@given(st.text())
def test_folding_moves_nothing(text: str) -> None:
    assert len(folded(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "...ada@example.org",
        "-ada@example.org",
        "to=%20ada@example.org",
        "to=https%3A%2F%2Fexample.com%2Fsign%2Fin%2Fby%2Fanother%2Fway%2Fof%2Fours%3Femail%3Dada%40example.org",
    ],
)
def test_an_address_is_found_whatever_stands_before_it(text: str) -> None:
    assert found("email", text)[0].endswith(text[-len("ada@example.org") :])


@pytest.mark.parametrize("written", ["RSSMRA85T10A562S", "R\u017fSMRA85T10A562S", "RSSMRA85T10A562\u017f"])
def test_letters_that_capitals_are_taken_for_neither_hide_a_value_nor_break_off(written: str) -> None:
    assert found("codice-fiscale", written) == [written]


@given(st.from_regex(re.compile(r"[a-z]{6}[0-9lmnp-v]{2}[a-z][0-9lmnp-v]{2}[a-z][0-9lmnp-v]{3}[a-z]", re.I)))
@example("\u212aSSMRA85T10A562S")
@example("SSSMRA85T10A562\u0130")
def test_no_writing_breaks_recognisers_off(text: str) -> None:
    for find in RECOGNISERS.values():
        list(find(folded(text)))


@given(st.text(alphabet="0123456789 -.@:%abAB+()[]{}\"'\\\u200b१", max_size=400))
def test_recognisers_take_any_text_and_stay_inside(text: str) -> None:
    for find in RECOGNISERS.values():
        for span in find(folded(text)):
            assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize(
    "piece",
    ["1 ", "4", "4111 ", "a@", "a.", "a%40", "GB82 ", "a:", "1.", "-", "::", "[email:1]", "@a.", "1234 1234 "],
)
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    for find in RECOGNISERS.values():
        list(find(folded(text)))
    assert time.process_time() - began < 20


def test_of_values_that_overlap_the_one_that_is_told_by_more_counts() -> None:
    card, phone = Span(0, 19, "card"), Span(5, 19, "phone")
    assert apart([[card], [phone]], 30) == [card]
    assert apart([[Span(0, 4, "ip"), Span(0, 9, "ip"), Span(10, 12, "ip")]], 30) == [
        Span(0, 9, "ip"),
        Span(10, 12, "ip"),
    ]


def test_what_parts_an_identifier_is_no_part_of_it() -> None:
    assert compact("gb82 West-1234") == "GB82WEST1234"
