"""Phone numbers are told by numbering plans and by the words around them; other figures are left alone."""

import time

import pytest

from adapters.pii.phones import phones


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in phones(text)]


@pytest.mark.parametrize(
    "number",
    ["+44 20 7946 0958", "+442079460958", "0049 30 901820", "(415) 555-2671", "01 42 68 53 00", "+1-212-555-0123 x45"],
)
def test_a_number_is_found_by_its_plan(number: str) -> None:
    assert found(f"It is {number}, I think.") == [number]


@pytest.mark.parametrize(
    "text", ["Phone: 4155552671", '"mobile": "0171 5551234"', "call me on 467 3395", "467 3395 fax"]
)
def test_a_number_is_found_by_the_words_around_it(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "order 4155552671",
        "on 2024-01-02 and 02/01/2024 at 10:20",
        "total 1,234,567,890 or 20240102.1",
        "666-12-3456",
        "3f2b8a7e-1234-4321-9876-123456789012",
        "at 5533 119 Countess Street",
        '{"item_id": "9523456873"}',
    ],
)
def test_other_figures_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("piece", ["1 ", "12-", "+", "(1) ", "+1 212 555 0123 ", "123 456 789 "])
def test_time_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    found(text)
    assert time.process_time() - began < 20
