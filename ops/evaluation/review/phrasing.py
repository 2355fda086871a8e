"""Put facts into words, in many ways: half of them to set thresholds by, the other half only to report on."""

import json
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from ops.evaluation.review.facts import Fact, Facts

Phrase: TypeAlias = Callable[[Facts, random.Random], str]

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def money(value: Decimal, chance: random.Random) -> str:
    """Write an amount of money in one of the usual ways, now and then rounded to whole units, which is right."""
    return chance.choice(
        [
            f"${value:,.2f}",
            f"${value:,.2f}",
            f"{value:.2f}",
            f"{value:,.2f} USD",
            f"{value:.2f} dollars",
            f"about ${value:,.0f}",
        ]
    )


def written(fact: Fact, chance: random.Random) -> str:
    """Write a value."""
    match fact.kind:
        case "money":
            return money(Decimal(fact.value), chance)
        case "count":
            said = int(fact.value)
            return NUMBERS[said] if said < len(NUMBERS) and chance.random() < 0.3 else str(said)
        case _:
            return str(fact.value)


def _all(facts: Facts) -> Sequence[Fact]:
    return (*facts.facts, *facts.derived)


def _head(facts: Facts) -> str:
    return {"order": "Order ", "product": ""}.get(facts.subject, "") + facts.topic


def _sentence(fact: Fact, facts: Facts, chance: random.Random, form: str) -> str:
    who = f"order {fact.entity}" if fact.entity.startswith("#") else fact.entity
    who = f"item {who}" if who.isdecimal() else who
    who = f"the {who}" if fact.attribute == "price" and not who.startswith("item") else who
    said, noun = written(fact, chance), fact.attribute
    if fact.kind == "count":
        if fact.value == 1:
            noun = noun.removesuffix("s")
        return {
            "plain": f"{who} has {said} {noun}",
            "of": f"the number of {fact.attribute} of {who} is {said}",
            "there": f"there are {said} {noun} in {who}",
            "comes": f"{who} comes with {said} {noun}",
        }[form]
    if fact.attribute == "total":
        return {
            "plain": f"the total of {who} is {said}",
            "of": f"{who} comes to {said} in total",
            "there": f"altogether {who} amounts to {said}",
            "comes": f"in sum {said} was charged for {who}",
        }[form]
    if fact.attribute == "price":
        return {
            "plain": f"{who} costs {said}",
            "of": f"the price of {who} is {said}",
            "there": f"{said} was paid for {who}",
            "comes": f"{who} is priced at {said}",
        }[form]
    if fact.attribute == "city":
        return {
            "plain": f"{who} ships to {said}",
            "of": f"the city of {who} is {said}",
            "there": f"{who} goes to {said}",
            "comes": f"{who} will be delivered in {said}",
        }[form]
    return {
        "plain": f"the {noun} of {who} is {said}",
        "of": f"{who} has the {noun} {said}",
        "there": f"{who}'s {noun} is {said}",
        "comes": f"for {who} the {noun} on record is {said}",
    }[form]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentences(form: str) -> Phrase:
    def phrase(facts: Facts, chance: random.Random) -> str:
        return " ".join(_capital(_sentence(fact, facts, chance, form)) + "." for fact in _all(facts))

    return phrase


def _joined(form: str, joint: str) -> Phrase:
    """Say facts of one attribute in one sentence."""

    def phrase(facts: Facts, chance: random.Random) -> str:
        groups: dict[str, list[Fact]] = {}
        for fact in _all(facts):
            groups.setdefault(fact.attribute, []).append(fact)
        said = [joint.join(_sentence(fact, facts, chance, form) for fact in group) for group in groups.values()]
        return " ".join(_capital(each) + "." for each in said)

    return phrase


def _bullets(facts: Facts, chance: random.Random) -> str:
    lines = [f"- {fact.entity}: {fact.attribute} {written(fact, chance)}" for fact in _all(facts)]
    return "\n".join(([f"{_head(facts)}:"] if facts.topic else []) + lines)


def _table(facts: Facts, chance: random.Random) -> str:
    lines = ["| what | attribute | value |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {f.entity} | {f.attribute} | {written(f, chance)} |" for f in _all(facts))])


def _numbered(facts: Facts, chance: random.Random) -> str:
    lines = [f"{n}. {f.attribute} of {f.entity} = {written(f, chance)}" for n, f in enumerate(_all(facts), 1)]
    return "Here is what I found.\n" + "\n".join(lines)


def _brackets(facts: Facts, chance: random.Random) -> str:
    said = [f"{fact.entity} ({fact.attribute}: {written(fact, chance)})" for fact in _all(facts)]
    return f"I checked the records: {', '.join(said)}."


def _records(facts: Facts, chance: random.Random) -> str:
    """Write JSON: one object an entity, keys in any order."""
    found: dict[str, dict[str, Any]] = {}
    for fact in _all(facts):
        value = float(fact.value) if fact.kind == "money" else fact.value
        found.setdefault(fact.entity, {_key(fact.entity): fact.entity})[fact.attribute.replace(" ", "_")] = value
    shuffled = [dict(chance.sample(list(held.items()), len(held))) for held in found.values()]
    return json.dumps({"result": shuffled})


def _key(entity: str) -> str:
    return "order_id" if entity.startswith("#") else "item_id" if entity.isdecimal() else "name"


def _mapped(facts: Facts, chance: random.Random) -> str:
    found: dict[str, dict[str, Any]] = {}
    for fact in _all(facts):
        value = float(fact.value) if fact.kind == "money" else fact.value
        found.setdefault(fact.entity, {})[fact.attribute.replace(" ", "_")] = value
    return "```json\n" + json.dumps(found, indent=2) + "\n```"


def _letter(facts: Facts, chance: random.Random) -> str:
    said = [f"{_owner(fact)} {fact.attribute} of {written(fact, chance)}" for fact in _all(facts)]
    return f"As requested, I looked this up for you. We have {'; we have '.join(said)}."


def _owner(fact: Fact) -> str:
    return f"for {fact.entity} the" if not fact.entity.startswith("#") else f"for order {fact.entity} the"


def _equals(facts: Facts, chance: random.Random) -> str:
    return "\n".join(f"{fact.entity}, {fact.attribute} = {written(fact, chance)}" for fact in _all(facts))


def _headed(facts: Facts, chance: random.Random) -> str:
    """Write one paragraph an entity, under its name as a heading."""
    found: dict[str, list[str]] = {}
    for fact in _all(facts):
        found.setdefault(fact.entity, []).append(f"* {fact.attribute}: **{written(fact, chance)}**")
    return "\n\n".join("\n".join([f"### {entity}", *lines]) for entity, lines in found.items())


def _columns(facts: Facts, chance: random.Random) -> str:
    """Write a table with a column for each attribute."""
    heads = list(dict.fromkeys(fact.attribute for fact in _all(facts)))
    found: dict[str, dict[str, str]] = {}
    for fact in _all(facts):
        found.setdefault(fact.entity, {})[fact.attribute] = written(fact, chance)
    rows = [f"| {entity} | {' | '.join(held.get(head, '') for head in heads)} |" for entity, held in found.items()]
    return "\n".join([f"| entity | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 1)}", *rows])


def _turned(facts: Facts, chance: random.Random) -> str:
    said = [f"{_capital(written(fact, chance))} is the {fact.attribute} of {fact.entity}." for fact in _all(facts)]
    return " ".join(said)


def _listed(facts: Facts, chance: random.Random) -> str:
    """Write JSON: a list of what is said of what."""
    said = [
        {"about": fact.entity, fact.attribute: str(fact.value) if fact.kind == "money" else fact.value}
        for fact in _all(facts)
    ]
    return json.dumps(said)


IN_JSON: tuple[Phrase, ...] = (_records, _mapped, _listed)
TO_SET: tuple[Phrase, ...] = (
    *map(_sentences, ("plain", "of", "there", "comes")),
    _joined("plain", " and "),
    _joined("there", ", while "),
    _joined("comes", "; "),
    _bullets,
    _table,
    _numbered,
    _brackets,
    _records,
    _mapped,
)
"""By these thresholds are set."""
TO_REPORT: tuple[Phrase, ...] = (_letter, _equals, _headed, _columns, _turned, _listed)
"""These are only in the half that is reported on."""
