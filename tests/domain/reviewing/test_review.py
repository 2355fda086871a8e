"""What an agent states is held against its evidence by code: what is right passes, what is plainly wrong is named."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reviewing.findings import Finding, instructions
from domain.reviewing.reading import Source
from domain.reviewing.review import review

INVOICES = [
    {
        "id": "INV-1001",
        "customer": "Acme Corp",
        "due_date": "2024-05-02",
        "amount": 1250.00,
        "status": "open",
        "lines": [
            {"sku": "A-1", "description": "Bolts", "quantity": 100, "unit_price": 2.5},
            {"sku": "B-7", "description": "Steel plate", "quantity": 4, "unit_price": 250},
        ],
    },
    {
        "id": "INV-1002",
        "customer": "Globex",
        "due_date": "2024-06-15",
        "amount": 99.9,
        "status": "paid",
        "lines": [{"sku": "C-3", "description": "Tape", "quantity": 1, "unit_price": 99.9}],
    },
]
FORECAST = {
    "city": "Oslo",
    "days": [
        {"date": "2025-01-03", "high_c": -2, "low_c": -9, "condition": "snow"},
        {"date": "2025-01-04", "high_c": 1, "low_c": -4, "condition": "cloudy"},
    ],
}


def source(value: Any, name: str = "list_invoices") -> Source:
    return Source(name=name, text=json.dumps(value))


def found(claim: str, *, criteria: str = "", goal: str = "") -> tuple[Finding, ...]:
    return review(claim, [source(INVOICES)], criteria=criteria, goal=goal)


@pytest.mark.parametrize(
    "claim",
    [
        "There are 2 invoices: INV-1001 for Acme Corp (1,250.00 EUR, due May 2, 2024, open) and INV-1002 for Globex.",
        "Both invoices come to 1,349.90 in total, or about $1,350.",
        "Acme Corp owes €1,250; Globex has paid €99.90.",
        "INV-1001 is due on 2 May 2024, INV-1002 on 06/15/2024.",
        "Only one invoice is open: INV-1001.",
        "The difference between the two invoices is 1150.10 EUR.",
        "The average invoice amount is 674.95.",
        "Bolts cost 250 in total (100 x 2.50).",
        "Globex's invoice is about 8% of Acme Corp's.",
        "I could not find any invoice for Initech.",
        '{"invoices": [{"amount": 1250, "id": "INV-1001"}, {"id": "INV-1002", "amount": 99.9}], "total": 1349.9}',
        "| invoice | amount |\n|---|---|\n| INV-1001 | 1,250.00 |\n| INV-1002 | 99.90 |",
        "INV-1001 has two lines.",
    ],
)
def test_what_follows_from_the_evidence_passes_however_it_is_put(claim: str) -> None:
    assert found(claim) == ()


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("INV-1001 amounts to 1,520.00.", "value"),
        ("The total of both invoices is 1,439.90 EUR.", "arithmetic"),
        ("The average invoice amount is 700.", "arithmetic"),
        ("There are 3 invoices.", "arithmetic"),
        ("INV-1001 has three lines.", "arithmetic"),
        ("INV-1001 amounts to 99.90.", "swapped"),
        ("99.90 is due for INV-1001, while 1250 is due for INV-1002.", "swapped"),
        ("INV-1001 is open, and INV-1002 is open.", "swapped"),
        ('{"invoices": [{"id": "INV-1001", "amount": 99.9}]}', "swapped"),
        ("INV-1003 amounts to 1,250.00.", "unsupported"),
        ("INV-1001 was sent to billing@acme.test.", "unsupported"),
        ("INV-1001 amounts to 1,250.00. It qualifies for a generous spring discount.", "unsupported"),
    ],
)
def test_what_is_wrong_is_named(claim: str, kind: str) -> None:
    assert kind in {each.kind for each in found(claim)}


def test_a_day_tells_records_apart_where_nothing_else_does() -> None:
    assert review("On January 3 Oslo has a high of -2 and a low of -9 °C.", [source(FORECAST)]) == ()
    (finding,) = review("On January 3 Oslo has a high of 1 °C.", [source(FORECAST)])
    assert (finding.kind, finding.said, finding.expected) == ("value", "1", "-2")


def test_what_was_asked_for_by_name_must_be_said() -> None:
    criteria = "customer, due date and number of lines are stated"
    assert found("INV-1002 of Globex is due on June 15, 2024 and has one line.", criteria=criteria) == ()
    (finding,) = found("INV-1002 of Globex has one line.", criteria=criteria)
    assert (finding.kind, finding.expected) == ("missing", "due date")
    (finding,) = found("INV-1002 of Globex is due on June 15, 2024.", criteria=criteria)
    assert (finding.kind, finding.expected) == ("missing", "number of line")


def test_a_goal_asks_only_where_it_asks() -> None:
    assert found("It is done.", goal="Cancel INV-1001 unless its status is paid") == ()
    (finding,) = found("It is done.", goal="Cancel INV-1001. Tell me its status.")
    assert (finding.kind, finding.expected) == ("missing", "status")


def test_cents_are_spoken_of_as_what_they_are_hundredths_of() -> None:
    order = source({"id": "ord-1", "totalCents": 2500}, "get_order")
    assert review("The order ord-1 cost 25.00.", [order]) == ()
    (finding,) = review("The order ord-1 cost 26.00.", [order])
    assert finding.expected == "25"


def test_what_is_noted_sends_nothing_back_and_what_contradicts_does() -> None:
    assert instructions(found("INV-1003 amounts to 1,250.00.")) == ()
    (instruction,) = instructions(found("INV-1001 amounts to 99.90."))
    assert instruction == (
        "INV-1001 amounts to 99.90.: '99.90' is said, but expected was 1250.0 (amount in list_invoices)"
    )


def test_what_is_not_whole_proves_no_absence() -> None:
    part = Source(name="list_invoices", text="", whole=False)
    assert review("INV-1003 amounts to 12.50.", [part]) == ()


@given(st.text(max_size=300), st.recursive(st.none() | st.integers() | st.text(max_size=8), st.lists, max_leaves=8))
def test_any_claim_and_any_evidence_can_be_reviewed(claim: str, value: object) -> None:
    review(claim, [source({"held": value})], criteria=claim, goal=claim)


def test_long_words_and_deep_json_take_no_long_time() -> None:
    deep = Source(name="deep", text="[" * 5_000 + "]" * 5_000)
    for piece in ("a", "1", "a1-", "a@", "(", "{", "x_1.", "INV-1001 "):
        started = time.process_time()
        review(piece * 20_000, [deep, source(INVOICES)])
        assert time.process_time() - started < 20, piece


@pytest.mark.parametrize(
    ("status", "is_right"), [("open", True), ("Still open", True), ("paid", False), ("cancelled", False)]
)
def test_a_field_says_of_a_record_what_the_record_says_there(status: str, is_right: bool) -> None:
    claim = json.dumps({"invoices": [{"id": "INV-1001", "status": status}]})
    assert {each.kind for each in found(claim)} <= {"value", "swapped"}
    assert (not found(claim)) == is_right


def test_a_field_may_say_what_was_asked_for() -> None:
    claim = json.dumps({"id": "INV-1001", "status": "cancelled"})
    assert not found(claim, goal="Set INV-1001 to cancelled.")


@pytest.mark.parametrize("divider", [", ", " | ", " – "])
def test_what_a_row_lists_is_of_whom_it_names_first(divider: str) -> None:
    people = [
        {"user_id": "ann_1", "name": {"first_name": "Ann", "last_name": "Lee"}, "email": "ann@example.com"},
        {"user_id": "bob_2", "name": {"first_name": "Bob", "last_name": "Ray"}, "email": "bob@example.com"},
    ]
    sources = [source(each, "get_user") for each in people]

    def rows(*emails: str) -> str:
        names = zip(("Ann Lee", "Bob Ray"), emails, strict=True)
        return "Two were found.\n" + "\n".join(f"{at}. {divider.join(each)}" for at, each in enumerate(names, 1))

    assert review(rows("ann@example.com", "bob@example.com"), sources) == ()
    wrong = review(rows("bob@example.com", "ann@example.com"), sources)
    assert [each.kind for each in wrong] == ["swapped", "swapped"]
    assert review("Asked were Ann Lee, who is well, and bob@example.com.", sources) == ()


def test_a_total_is_said_by_a_number_and_not_by_its_name() -> None:
    criteria = "the total is stated"
    assert [each.expected for each in found("INV-1001 and INV-1002 make up the total.", criteria=criteria)] == ["total"]
    assert "missing" not in {each.kind for each in found("Total of both:\n1,349.90", criteria=criteria)}
