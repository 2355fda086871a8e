"""Cut a claim into statements, and find in each whom it is about and what it says of them."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from domain.reviewing.evidence import Evidence
from domain.reviewing.reading import LONGEST_NAME
from domain.reviewing.records import Leaf
from domain.reviewing.terms import Term, Terms, is_short, terms_at, word_set
from domain.reviewing.values import Value, values_in

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z#\"'(\d$€£*-])|\n+|;\s+")
_BEFORE_ENTITY = re.compile(
    r"\s*(?:(?!and\b|but\b|while\b|whereas\b)[\w-]+ ){0,4}?(?:for|of|from|to|on|by|per|in)\b[\w\s#']{0,25}$"
    r"|\s*\($|\s*(?:-|–|—)\s*$"
)
_OBJECT = re.compile(r"(?:\b(?:is|are|was|were|as|id|number|e-?mail|sku|code)|[:=(])\s*#?$", re.I)
_AND = re.compile(r",|;|\b(?:and|but|while|whereas)\b")
_COMMON = word_set(
    "order item product user customer account payment price total amount name address date status number "
    "method option color size type detail record result and the for with are is was has have not this "
    "that you your our she her him his all any one two new old true false yes none null first last day "
    "time year month page line code"
)


LONGEST = 600
"""How many characters a statement has at most."""


class Entity(NamedTuple):
    """Be a place where records are called by a name."""

    start: int
    end: int
    records: frozenset[int]


class Word(NamedTuple):
    """Be a place where a text stands that is a value of records."""

    start: int
    end: int
    text: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Statement:
    """Be one sentence or line, from ``offset`` on in its claim."""

    offset: int
    text: str
    terms: tuple[Term, ...]
    entities: tuple[Entity, ...]
    values: tuple[Value, ...]
    words: tuple[Word, ...]

    def between(self, start: int, end: int) -> list[str]:
        """Return the terms that stand between two places, names in snake case in their parts."""
        return [part for t in self.terms if start <= t.start and t.end <= end for part in t.text.split("_")]

    def is_object(self, entity: Entity) -> bool:
        """Tell whether an entity is named as what something is, and not as what it is said of: ``the id is X``."""
        return entity.start in self._objects

    @cached_property
    def _objects(self) -> frozenset[int]:
        return frozenset(each.start for each in self.entities if self._is_object(each))

    def _is_object(self, entity: Entity) -> bool:
        said = self.text[entity.start : entity.end]
        coded = any(map(str.isdigit, said)) or "@" in said
        return coded and _OBJECT.search(self.text, 0, entity.start) is not None

    @cached_property
    def said(self) -> list[tuple[int, int]]:
        """Return where something is said of somebody: from where to where; whom it is said of is not among it."""
        whom = [(each.start, each.end) for each in self.entities if not self.is_object(each)]
        places: list[Value | Word] = [*self.values, *self.words]
        found = sorted((each.start, each.end) for each in places)
        return [(s, e) for s, e in found if not any(a <= s + 1 and e <= b for a, b in whom)]


def statements(claim: str, evidence: Evidence) -> Iterator[Statement]:
    """Return the statements of a claim in their order."""
    for start, text in sentences(claim):
        for at in range(0, len(text), LONGEST):
            if (part := text[at : at + LONGEST]).strip():
                yield _statement(start + at, part, evidence)


def sentences(claim: str) -> Iterator[tuple[int, str]]:
    """Return the sentences and lines of a claim, each with where it begins."""
    start = 0
    for end in [*_END.finditer(claim), None]:
        yield start, claim[start : end.start() if end else len(claim)]
        start = end.end() if end else start


def _statement(offset: int, text: str, evidence: Evidence) -> Statement:
    found = tuple(terms_at(text))
    values = values_in(text)
    entities, words, index = [], [], 0
    while index < len(found):
        length, called = _longest(found, index, evidence)
        if called:
            start, end = found[index].start, found[index + length - 1].end
            records = frozenset(evidence.names.get(called, ()))
            if records:
                entities.append(Entity(start, end, records))
            elif leaves := tuple(evidence.leaves[leaf] for leaf in evidence.words.get(called, ())):
                words.append(Word(start, end, text[start:end], leaves))
        index += length or 1
    entities += [Entity(v.start, v.end, records) for v in values if (records := _on_days(v, evidence))]
    entities.sort()
    covered = [*((e.start, e.end) for e in entities), *((w.start, w.end) for w in words)]
    values = [v for v in values if not any(s < v.end and v.start < e and e - s > v.end - v.start for s, e in covered)]
    taken = [(v.start, v.end) for v in values]
    words = [w for w in words if not any(s < w.end and w.start < e for s, e in taken)]
    return Statement(offset, text, found, tuple(entities), tuple(values), tuple(words))


def _on_days(value: Value, evidence: Evidence) -> frozenset[int]:
    """Return the records that a day tells apart from others."""
    return frozenset(record for day in value.days for record in evidence.days.get(day, ()))


def _longest(found: Sequence[Term], index: int, evidence: Evidence) -> tuple[int, Terms]:
    for length in range(min(LONGEST_NAME, len(found) - index), 0, -1):
        called = tuple(term.text for term in found[index : index + length])
        if (called in evidence.names or called in evidence.words) and not _is_common(called, evidence):
            return length, called
    return 0, ()


def _is_common(called: Terms, evidence: Evidence) -> bool:
    if len(called) > 1:
        return all(map(is_short, called))
    word = called[0]
    return is_short(word) or word in _COMMON or (word in evidence.keys and called not in evidence.names)


def about(statement: Statement, place: int, end: int, keys: Collection[str]) -> tuple[list[Entity], bool]:
    """Return whom what stands at a place is said of: those before it, or who follows; and whether that is sure.

    Before a place are the entities between it and what was said before that; where there are none, the last ones.
    ``keys`` are words for what can be said: one of them behind an ``and`` begins anew.
    """
    following = [each for each in statement.entities if each.start >= end]
    before = [each for each in statement.entities if each.end <= place]
    before = [each for each in before if not statement.is_object(each)] or before
    if following and _BEFORE_ENTITY.match(statement.text[end : following[0].start]):
        apart = not before or _AND.search(statement.text, before[-1].end, place)
        return (following[:1] if apart else [*following[:1], *_group(statement, before, keys)]), True
    if before:
        return _group(statement, before, keys), True
    return (following[:1], False) if following else ([], False)


def _group(statement: Statement, before: Sequence[Entity], keys: Collection[str]) -> list[Entity]:
    """Return the last entities of some, back to where something else was said."""
    group = [before[-1]]
    for earlier in reversed(before[:-1]):
        if any(earlier.end <= start < group[-1].start for start, _ in statement.said):
            break
        between = statement.between(earlier.end, group[-1].start)
        if _AND.search(statement.text, earlier.end, group[-1].start) and any(word in keys for word in between):
            break
        group.append(earlier)
    return group
