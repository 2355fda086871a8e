"""What earlier steps found is shown as far as it fits: whole, by the fields that matter, in outline, or only named."""

import json

import pytest

from domain.prompting.results import shown_by, words_of
from domain.prompting.tokens import estimated_tokens

ORDER = {
    "order_id": "#W1",
    "status": "pending",
    "note": "n" * 900,
    "address": {"city": "Oslo", "street": "Long Road 1"},
    "items": [{"item_id": str(number), "price": 10 + number, "stock": 7, "text": "t" * 80} for number in range(30)],
}
TEXT = json.dumps(ORDER)
WANTED = words_of("Say the price of each item and the city", "status is stated")


def test_fields_that_are_named_and_names_are_kept_and_the_rest_is_counted() -> None:
    found = json.loads(shown_by(TEXT, "fields", WANTED))
    assert (found["order_id"], found["status"], found["…"]) == ("#W1", "pending", "1 more fields")
    assert found["address"] == {"city": "Oslo", "…": "1 more fields"}
    assert found["items"][0] == {"item_id": "0", "price": 10, "…": "2 more fields"}
    assert found["items"][-1] == "… 10 more"


def test_an_outline_says_what_there_is_and_how_much() -> None:
    found = json.loads(shown_by(TEXT, "summary", frozenset()))
    assert found["status"] == "pending" and found["note"].endswith("(900 characters in all)")
    assert found["items"][0] == "30 elements, the first is"


@pytest.mark.parametrize("strategy", ["", "fields", "summary", "window"])
def test_what_is_no_json_is_shown_from_its_beginning(strategy: str) -> None:
    text = "word " * 1_000
    found = shown_by(text, strategy, WANTED)  # type: ignore[arg-type]
    assert found.startswith("word word") and found.endswith("(5000 characters in all)")


def test_each_strategy_shows_less_than_the_one_before() -> None:
    sizes = [len(shown_by(TEXT, strategy, WANTED)) for strategy in ("whole", "fields", "summary")]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < len(TEXT) / 4
    assert shown_by(TEXT, "window", WANTED, last=False) == f"({len(TEXT)} characters, left out)"


def test_an_estimate_of_tokens_grows_with_the_text_and_is_of_its_order() -> None:
    assert estimated_tokens("") == 0
    assert 8 <= estimated_tokens("The quick brown fox jumps over the lazy dog") <= 11
    assert estimated_tokens('{"id": 12345, "price": 10.50}') > estimated_tokens("a plain text of equal size ok")
    assert estimated_tokens("日本語") >= 3
