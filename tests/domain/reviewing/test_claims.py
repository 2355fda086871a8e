"""Each claim of a researcher is held against the answers of the calls that it names, and of no others."""

import pytest

from domain.encoding import foreign
from domain.reviewing.claims import Claim, claims_of, review_claims, stated
from domain.reviewing.reading import Source

ANSWERS = {
    "call-1-1": Source(name="get_order", text='{"id": "A17", "status": "shipped", "total": 41.50}'),
    "call-1-2": Source(name="get_order", text='{"id": "B22", "status": "pending", "total": 12.00}'),
}


def kinds(*claims: Claim, criteria: str = "", goal: str = "") -> list[tuple[str, str]]:
    return [
        (each.kind, each.place.partition(":")[0])
        for each in review_claims(claims, ANSWERS, criteria=criteria, goal=goal)
    ]


def test_a_claim_that_its_call_shows_stands() -> None:
    assert kinds(Claim(claim="The total of order A17 is 41.50.", calls=("call-1-1",))) == []


def test_a_value_that_only_another_call_shows_does_not_stand() -> None:
    (found,) = review_claims([Claim(claim="The total is 41.50.", calls=("call-1-2",))], ANSWERS)
    assert found.contradicts and found.place.startswith("finding 1")
    assert kinds(Claim(claim="The total is 41.50.", calls=("call-1-2", "call-1-1"))) == []


def test_the_claim_that_is_wrong_is_named() -> None:
    right = Claim(claim="The total of order A17 is 41.50.", calls=("call-1-1",))
    wrong = Claim(claim="The total of order B22 is 13.00.", calls=("call-1-2",))
    (found,) = review_claims([right, wrong], ANSWERS)
    assert found.contradicts and found.place.startswith("finding 2") and "12.00" in found.expected


def test_a_claim_that_names_no_call_is_noted() -> None:
    (found,) = review_claims([Claim(claim="All is well.")], ANSWERS)
    assert (found.kind, found.contradicts, found.evidence) == ("unsupported", False, "it names no call")


def test_a_value_beside_a_claim_is_noted_where_its_calls_do_not_say_it() -> None:
    shown = Claim(claim="The order is A17.", calls=("call-1-1",), value=foreign("A17"))
    assert kinds(shown) == []
    assert kinds(Claim(claim="The order is A17.", calls=("call-1-1",), value=foreign("C33"))) == [
        ("unsupported", "finding 1")
    ]
    assert kinds(Claim(claim="The total of order A17 is 41.50.", calls=("call-1-1",), value=foreign(41.5))) == []


@pytest.mark.parametrize(("value", "stands"), [(41.5, True), (41, False), (1.5, False), ("A1", False)])
def test_a_value_that_is_only_a_part_of_what_its_calls_say_is_noted(value: object, stands: bool) -> None:
    claim = Claim(claim="The order is A17.", calls=("call-1-1",), value=foreign(value))
    assert (kinds(claim) == []) is stands


def test_what_was_asked_for_may_be_said_by_any_claim() -> None:
    first = Claim(claim="Order A17 is shipped.", calls=("call-1-1",))
    second = Claim(claim="The total of order A17 is 41.50.", calls=("call-1-1",))
    assert kinds(first, second, criteria="the status and the total of A17 are known") == []
    assert set(kinds(first, criteria="the status and the total of A17 are known")) == {("missing", "all of it")}


def test_claims_are_read_as_they_were_stated() -> None:
    claims = (Claim(claim="It is so.", calls=("call-1-1",), value=foreign({"id": 7})), Claim(claim="And so."))
    assert claims_of(stated(claims).text) == claims


def test_words_that_are_no_findings_are_one_claim_without_a_call() -> None:
    assert claims_of("mugs are cheap") == (Claim(claim="mugs are cheap"),)
