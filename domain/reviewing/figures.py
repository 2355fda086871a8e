"""Work figures out from evidence: sums, counts, differences, averages and shares that a claim may state."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Literal, TypeAlias

from domain.reviewing.evidence import Evidence
from domain.reviewing.records import Group, Leaf, is_number, numbers_of
from domain.reviewing.terms import MONEY, Terms, word_set
from domain.reviewing.values import Value

Cue: TypeAlias = Literal["total", "average", "difference", "share", "count", "least", "most"]

_CUES: dict[Cue, frozenset[str]] = {
    "average": frozenset(["average", "median"]),
    "difference": word_set("difference cheaper dearer less more higher lower saving saved save extra increase"),
    "total": word_set("total sum altogether combined together overall sums adds subtotal totalling totaling"),
    "count": frozenset(["count", "number", "many"]),
    "least": word_set("cheapest lowest smallest least minimum fewest"),
    "most": word_set("highest largest maximum greatest biggest dearest"),
}
FIGURES = frozenset[str]().union(*_CUES.values())
"""Words by which a figure is named that is worked out."""
MOST_PAIRS = 60
_THINGS = word_set("item product order result entry record variant option method thing element line")


def cue_of(words: Iterable[str], value: Value) -> Cue | None:
    """Return which figure the words about a value speak of."""
    if value.percent:
        return "share"
    said = set(words)
    return next((cue for cue, about in _CUES.items() if said & about), None)


def columns(evidence: Evidence, records: set[int]) -> Iterator[tuple[Terms, list[Leaf]]]:
    """Return the numbers of each list under records, key by key, then those of everything under them."""
    for group in evidence.groups:
        if group.records and (not records or not records.isdisjoint(group.records)):
            yield from _by_key(evidence.leaves_of(sorted(evidence.below(group.records))))
    yield from _by_key(evidence.leaves_of(sorted(records) if records else range(len(evidence.records))))


def _by_key(leaves: Iterable[Leaf]) -> Iterator[tuple[Terms, list[Leaf]]]:
    found: dict[Terms, list[Leaf]] = {}
    for leaf in leaves:
        if is_number(leaf):
            found.setdefault(leaf.key, []).append(leaf)
    yield from found.items()


def extreme_of(evidence: Evidence, one: Iterable[int], words: set[str]) -> bool | None:
    """Tell whether a record has the least, or the most, of its list, as words say of it; None where that is open."""
    least, most = bool(words & _CUES["least"]), bool(words & _CUES["most"]) or {"most", "expensive"} <= words
    records = set(one)
    groups = [g for g in evidence.groups if len(g.records) > 1 and len(records.intersection(g.records)) == 1]
    if least == most or not groups:
        return None
    found = []
    for group in groups:
        for key, column in _by_key(evidence.leaves_of(sorted(evidence.below(group.records)))):
            if MONEY.intersection(key) or set(key) <= words:
                edge = (min if least else max)(leaf.amount for leaf in column)
                mine = evidence.below(records)
                found.append(any(leaf.amount == edge for leaf in column if leaf.record in mine))
    return any(found) if found else None


def sums(evidence: Evidence, records: set[int]) -> Iterator[Decimal]:
    """Return the sums of columns, and those in which each value counts as often as its quantity says."""
    for _, column in columns(evidence, records):
        if len(column) > 1:
            yield sum((leaf.amount for leaf in column), Decimal(0))
        yield sum((leaf.amount * _quantity(evidence, leaf) for leaf in column), Decimal(0))


def _quantity(evidence: Evidence, leaf: Leaf) -> Decimal:
    quantities = (each for each in evidence.leaves_of([leaf.record]) if each.key[-1:] == ("quantity",))
    return next((number for each in quantities for number in numbers_of(each.value)), Decimal(1))


def averages(evidence: Evidence, records: set[int]) -> Iterator[Decimal]:
    """Return the means of columns."""
    for _, column in columns(evidence, records):
        yield sum((leaf.amount for leaf in column), Decimal(0)) / len(column)


def extremes(evidence: Evidence, records: set[int], cue: Cue) -> Iterator[Decimal]:
    """Return the least or the most of columns."""
    for _, column in columns(evidence, records):
        if len(column) > 1:
            yield (min if cue == "least" else max)(leaf.amount for leaf in column)


def differences(numbers: Sequence[Decimal]) -> Iterator[Decimal]:
    """Return how far each two of some numbers are apart."""
    return (abs(one - other) for one, other in combinations(numbers[:MOST_PAIRS], 2))


def shares(numbers: Sequence[Decimal]) -> Iterator[Decimal]:
    """Return in percent what each of some numbers is of another, and by how much it differs from it."""
    for one, other in combinations(numbers[:MOST_PAIRS], 2):
        for part, whole in ((one, other), (other, one)):
            if whole:
                yield 100 * part / whole
                yield 100 * abs(part - whole) / whole


def money_of(evidence: Evidence, records: Iterable[int]) -> list[Decimal]:
    """Return the sums of money in records."""
    leaves = evidence.leaves_of(sorted(evidence.below(records)))
    return [leaf.amount for leaf in leaves if MONEY.intersection(leaf.key) and is_number(leaf)]


def counts(evidence: Evidence, records: set[int], words: set[str]) -> list[Decimal]:
    """Return how many there are of what words name: of all, and of those that have a value which the words say."""
    groups = [group for group in evidence.groups if _named(group, words) and _within(group, evidence.below(records))]
    groups = groups or [group for group in evidence.groups if _named(group, words)]
    found = [Decimal(group.size) for group in groups]
    for group in groups:
        found += _filtered(evidence, group, words)
    if len(groups) > 1 and len(records) != 1:
        found.append(sum(found[: len(groups)], Decimal(0)))
    roots = [r for r in evidence.records if r.parent < 0 and r.own and not r.kind]
    if not groups and words & _THINGS and len(roots) > 1:
        found.append(Decimal(len(roots)))
    return found


def _named(group: Group, words: set[str]) -> bool:
    return bool(group.key) and (set(group.key) <= words or group.key[-1] in words)


def _within(group: Group, records: set[int]) -> bool:
    return not records or group.owner in records or not records.isdisjoint(group.records)


def _filtered(evidence: Evidence, group: Group, words: set[str]) -> Iterator[Decimal]:
    """Count the elements that have a value, or a true flag, which words say; and how many different names there are."""
    having: dict[str, set[int]] = {}
    called = set()
    for element in group.records:
        for leaf in evidence.leaves_of(sorted(evidence.below([element]))):
            if isinstance(leaf.value, bool):
                for word in words.intersection(leaf.key):
                    having.setdefault(word, set()).update([element] if leaf.value else ())
            elif isinstance(leaf.value, str):
                if leaf.key == ("name",):
                    called.add(leaf.value)
                for word in words.intersection(leaf.value.lower().split()):
                    having.setdefault(word, set()).add(element)
    yield from (Decimal(len(elements)) for elements in having.values())
    yield from (Decimal(len(group.records) - len(elements)) for elements in having.values() if words & _NOT)
    if having:
        yield Decimal(len(set.intersection(*having.values())))
    if called and words & {"different", "distinct", "unique", "kind"}:
        yield Decimal(len(called))


_NOT = frozenset(["not", "unavailable", "without", "no"])
