"""Make faults in facts: wrong numbers, missing fields, claims without evidence, swapped entities.

Each returns the facts with one fault, or None where it can make none. Nothing of the review is used here.
"""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from ops.evaluation.review.facts import Fact, Facts

Mutator: TypeAlias = Callable[[Facts, random.Random], Facts | None]

TO_SET = (
    "A 15% loyalty discount was applied.",
    "The tracking number is 1Z999AA10123456784.",
    "It was delivered on May 2, 2024.",
    "The customer is a gold member.",
    "Everything comes with a two-year warranty.",
    "A refund of $25.00 was issued.",
    "An agent called Emma Stone confirmed this by phone.",
    "Shipping took 9 days.",
    "The contact address is helen.moor@mail.test.",
    "A coupon SAVE20 was redeemed.",
    "The parcel left the Dallas warehouse on 2024-03-11.",
    "The buyer complained about late deliveries before.",
    "Gift wrapping was chosen free of charge.",
    "An extended guarantee had been purchased.",
    "Insurance worth 310.75 dollars is included.",
)
TO_REPORT = (
    "The courier attempted delivery three times.",
    "Payment was split into 4 instalments of $12.75.",
    "The supervisor, Mr. Oduya, approved an exception.",
    "Reference number ZX-88213 was given.",
    "The subscription renews on 14 November 2025.",
    "The account was flagged for suspicious activity.",
    "Customs duties had to be settled at the border.",
    "Stock will be replenished within 48 hours.",
)
"""Sentences that nothing in a shop's records speaks for."""


def wrong_number(facts: Facts, chance: random.Random) -> Facts | None:
    """State one number as another: off by one, another digit, two digits exchanged, ten times as much."""
    numbers = [fact for fact in (*facts.facts, *facts.derived) if fact.kind in ("money", "count", "id")]
    fact = chance.choice([each for each in numbers if any(map(str.isdigit, str(each.value)))])
    value = _altered(fact, chance)
    return None if value == fact.value else _with(facts, fact, fact._replace(value=value))


def _altered(fact: Fact, chance: random.Random) -> object:
    if fact.kind == "count":
        return max(0, int(fact.value) + chance.choice([-1, 1, 2, 5]))
    text = f"{fact.value:.2f}" if fact.kind == "money" else str(fact.value)
    places = [place for place, char in enumerate(text) if char.isdigit()]
    place = chance.choice(places[:-2] if fact.kind == "money" and len(places) > 2 else places)
    way = chance.choice(["digit", "exchange", "tenfold"])
    if way == "exchange" and place + 1 < len(text) and text[place + 1].isdigit() and text[place] != text[place + 1]:
        new = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    elif way == "tenfold" and fact.kind == "money":
        return Decimal(fact.value) * 10
    else:
        other = chance.choice([digit for digit in "123456789" if digit != text[place]])
        new = text[:place] + other + text[place + 1 :]
    return Decimal(new) if fact.kind == "money" else new


def missing_field(facts: Facts, chance: random.Random) -> Facts | None:
    """Leave everything out that is said of one attribute, which was asked for."""
    attribute = chance.choice(sorted({fact.attribute for fact in (*facts.facts, *facts.derived)}))
    left = [fact for fact in facts.facts if fact.attribute != attribute]
    derived = [fact for fact in facts.derived if fact.attribute != attribute]
    return facts._replace(facts=tuple(left), derived=tuple(derived)) if left or derived else None


def swapped_entities(facts: Facts, chance: random.Random) -> Facts | None:
    """Exchange the values of an attribute between two entities."""
    pairs = [
        (one, other)
        for held in (facts.facts, facts.derived)
        for index, one in enumerate(held)
        for other in held[index + 1 :]
        if one.attribute == other.attribute and one.value != other.value
    ]
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    return _with(_with(facts, one, one._replace(value=other.value)), other, other._replace(value=one.value))


def _with(facts: Facts, old: Fact, new: Fact) -> Facts:
    def put(held: tuple[Fact, ...]) -> tuple[Fact, ...]:
        return tuple(new if fact == old else fact for fact in held)

    return facts._replace(facts=put(facts.facts), derived=put(facts.derived))


IN_FACTS: dict[str, Mutator] = {
    "wrong-number": wrong_number,
    "missing-field": missing_field,
    "swapped-entities": swapped_entities,
}
