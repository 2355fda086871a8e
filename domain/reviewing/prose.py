"""Check what a claim says in words: each value must belong to whom it is said of, or follow from what does."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from domain.reviewing.evidence import Evidence
from domain.reviewing.figures import extreme_of
from domain.reviewing.findings import Finding
from domain.reviewing.records import Leaf, is_number
from domain.reviewing.saying import Said
from domain.reviewing.statements import Entity, Word, statements
from domain.reviewing.terms import MONEY, word_set
from domain.reviewing.values import Value
from domain.reviewing.worked_out import check_figure

_PRICED = word_set("price amount spent worth bill billed total")
_BEING = re.compile(r"\b(?:is|are|was|were|been|remains?|still|already|now|currently|as)$", re.I)
_DIVIDER = re.compile(r"\s*[,|;–—-]\s*")
SMALL = 12
MOST_CHECKED = 400
"""How many values of a claim are looked at: one with more is no statement that people read."""


def check_prose(claim: str, evidence: Evidence) -> Iterator[Finding]:
    """Return what is wrong with the statements of a claim."""
    topic: list[Entity] = []
    money: list[Decimal] = []
    room = MOST_CHECKED
    for statement in statements(claim, evidence):
        said = Said(evidence, statement, topic, money)
        for value in statement.values[:room]:
            yield from _value(said, value)
        for word in statement.words[:room]:
            yield from _word(said, word)
        room = max(0, room - len(statement.values) - len(statement.words))
        if room:
            yield from _pairs(said)
            yield from _rows(said)
            yield from _extreme(said)
        topic = list(statement.entities) or topic
        money += [value.number for value in statement.values if value.money]


def _value(said: Said, value: Value) -> Iterator[Finding]:
    """Check a number, a date or an identifier."""
    evidence = said.evidence
    hits, scope = evidence.equal(value), said.scope(value.start, value.end)
    around = evidence.around(scope) if scope else None
    inside = [leaf for leaf in hits if around is None or leaf.record in around]
    words = said.words_about(value.start, value.end)
    if value.kind == "number" and (figure := check_figure(said, value, words, scope, inside)) is not None:
        yield from figure
        return
    if any(e.start <= value.start and value.end <= e.end for e in said.statement.entities):
        yield from _identifier(said, value, hits, words, scope)
        return
    expected = _expected(said, value, words, scope)
    if inside:
        if expected and not any(_alike(leaf, other) for leaf in inside for other in expected):
            yield said.finding("value", value, expected)
        return
    rival = [leaf for leaf in said.below(scope) if any(leaf.key == hit.key for hit in hits)]
    if rival:
        yield said.finding("swapped", value, rival)
    elif not hits and not _known(said, value):
        yield said.finding("value" if expected else "unsupported", value, expected)


def _identifier(
    said: Said, value: Value, hits: Sequence[Leaf], words: Sequence[str], scope: set[int]
) -> Iterator[Finding]:
    """Check an identifier that names a record: of whom it is said, where words say that it is theirs."""
    keys = {leaf.key for leaf in hits if leaf.key and set(leaf.key) <= set(words)}
    mine = [leaf for leaf in said.below(scope) if leaf.key in keys]
    if mine and not any(leaf in mine for leaf in hits):
        yield said.finding("swapped", value, mine)


def _known(said: Said, value: Value) -> bool:
    if not said.evidence.whole or said.evidence.mentions(value):
        return True
    if value.kind != "number":
        return said.evidence.finds(value.text)
    return value.weak or (value.number <= SMALL and value.number == int(value.number) and not value.money)


def _expected(said: Said, value: Value, words: Sequence[str], scope: set[int]) -> list[Leaf]:
    """Return the leaves that the words about a value speak of, of the kind that it is."""
    numbers = [leaf for leaf in said.below(scope) if _comparable(leaf, value)]
    named = [leaf for leaf in numbers if leaf.key and set(leaf.key) <= set(words)]
    if named or value.kind != "number":
        return named
    priced = value.money or not _PRICED.isdisjoint(words)
    return [leaf for leaf in numbers if priced and MONEY.intersection(leaf.key)]


def _comparable(leaf: Leaf, value: Value) -> bool:
    match value.kind:
        case "number":
            return is_number(leaf)
        case "id":
            return isinstance(leaf.value, str) and any(map(str.isdigit, leaf.value)) and " " not in leaf.value
        case _:
            return isinstance(leaf.value, str) and leaf.value[:4].isdecimal()


def _alike(leaf: Leaf, other: Leaf) -> bool:
    """Tell whether two leaves can be what is meant: the same key, or both are money."""
    both = MONEY.intersection(leaf.key) and MONEY.intersection(other.key)
    return bool(both) or leaf.key == other.key or bool(set(leaf.key) & set(other.key))


def _word(said: Said, word: Word) -> Iterator[Finding]:
    """Check a text that is a value of records."""
    scope = said.scope(word.start, word.end)
    if not scope or not _is_predicate(said, word):
        return
    around = said.evidence.around(scope)
    if any(leaf.record in around for leaf in word.leaves):
        return
    rival = [leaf for leaf in said.below(scope) if any(leaf.key == other.key for other in word.leaves)]
    if rival and not said.evidence.is_asked_with(word.text):
        yield said.finding("swapped", word, rival)


def _is_predicate(said: Said, word: Word) -> bool:
    """Tell whether a single word in lower case is said of somebody, and does not merely stand in a sentence."""
    if " " in word.text or word.text != word.text.lower():
        return True
    words = {*said.words_about(word.start, word.end), *said.statement.between(0, word.start)[-2:]}
    before = said.statement.text[: word.start].rstrip()
    stated = before[-1:] in (":", "=", "(", ",") or _BEING.search(before) is not None
    return stated or any(set(leaf.key) <= words for leaf in word.leaves)


def _pairs(said: Said) -> Iterator[Finding]:
    """Check that entities which are said to be one, or to lie in one another, are."""
    entities = said.statement.entities
    for one, other in pairwise(entities):
        between = said.statement.text[one.end : other.start]
        same = one.records & other.records or not other.records.isdisjoint(said.evidence.around(one.records))
        if _is_apposition(between) and not same and said.same_kind(one.records, other.records):
            both = said.statement.text[one.start : other.end]
            expected = "an identifier of the same record"
            yield Finding(kind="swapped", place=said.place, said=both, expected=expected)


def _rows(said: Said) -> Iterator[Finding]:
    """Check that what a row lists behind whom it is of, such as ``1. Ann Lee, Paris, ann@example.com``, is theirs."""
    statement = said.statement
    whose = statement.entities[0] if statement.entities and not _is_code(said, statement.entities[0]) else None
    for other in statement.entities[1:] if whose else ():
        assert whose is not None, "it was just looked for"
        listed: list[Value | Word | Entity] = [*statement.values, *statement.words, *statement.entities]
        inside = sorted((each.start, each.end) for each in listed if whose.end <= each.start < other.start)
        same = not other.records.isdisjoint(said.evidence.around(whose.records))
        if not _is_code(said, other) or same or not said.same_kind(whose.records, other.records):
            continue
        if _is_listed(statement.text, whose.end, other.start, inside):
            both = f"{statement.text[whose.start : whose.end]}, {statement.text[other.start : other.end]}"
            yield Finding(kind="swapped", place=said.place, said=both, expected="an identifier of the same record")


def _is_code(said: Said, entity: Entity) -> bool:
    text = said.statement.text[entity.start : entity.end]
    return "@" in text or any(map(str.isdigit, text))


def _is_listed(text: str, start: int, end: int, inside: Sequence[tuple[int, int]]) -> bool:
    """Tell whether nothing but what is listed, and what divides it, stands between two places."""
    dividers = []
    for first, last in [*inside, (end, end)]:
        dividers.append(text[start : max(start, first)])
        start = max(start, last)
    return all(_DIVIDER.fullmatch(each) for each in dividers)


def _is_apposition(between: str) -> bool:
    text = between.lower().strip()
    if " and " in f" {text} " or "," in text or len(text) > 40:
        return False
    return text.startswith("(") or text.endswith(("id", "number", "sku", "id is", "id:", "number:", "#")) or text == ":"


def _extreme(said: Said) -> Iterator[Finding]:
    """Check who is said to be the cheapest, the highest, the last."""
    entities = said.statement.entities
    words = {term.text for term in said.statement.terms}
    if len(entities) != 1 or any(v.money for v in said.statement.values):
        return
    if extreme_of(said.evidence, entities[0].records, words) is False:
        name = said.statement.text[entities[0].start : entities[0].end]
        yield Finding(kind="arithmetic", place=said.place, said=name, expected="another one")
