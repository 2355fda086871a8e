"""Check a number that is worked out: a sum, a count, a difference, an average or a share of what the evidence holds."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from domain.reviewing.figures import Cue, averages, counts, cue_of, differences, extremes, money_of, shares, sums
from domain.reviewing.findings import Finding
from domain.reviewing.records import Leaf
from domain.reviewing.saying import CLAUSE, Said
from domain.reviewing.statements import about
from domain.reviewing.terms import MONEY
from domain.reviewing.values import Value

_COUNTING = frozenset([("quantity",), ("count",), ("number",), ("unit",), ("total",), ("size",), ("stock",)])


def check_figure(
    said: Said, value: Value, words: Sequence[str], scope: set[int], inside: Sequence[Leaf]
) -> Sequence[Finding] | None:
    """Check a number that is worked out: nothing is wrong, or what; None where it is no such number."""
    cue = cue_of(words, value)
    if cue is None and not inside:  # a figure is often named at the beginning of a statement
        cue = cue_of(said.statement.between(0, value.start), value)
    if any(leaf.key[-1:] in _COUNTING for leaf in inside):
        return ()
    counted = _count(said, value, words, scope)
    if counted is not None or cue == "count":
        return counted
    if cue and inside and any(_speaks_of(leaf, words, value) for leaf in inside) and cue not in ("least", "most"):
        return ()
    possible = list(_possible(said, cue, value, scope))
    if any(_near(each, value) for each in possible):
        return ()
    if cue is None or not possible or (inside and cue == "share"):
        return None
    return (said.finding("arithmetic", value, (), str(possible[0])),)


def _count(said: Said, value: Value, words: Sequence[str], scope: set[int]) -> Sequence[Finding] | None:
    if value.money or value.percent or value.number != int(value.number):
        return None
    clause = CLAUSE.search(said.statement.text, value.end)
    after = said.statement.between(value.end, clause.start() if clause else value.end + 40)[:4]
    asked = set(words) if {"number", "count", "many"} & set(words) else set(after)
    if value.weak and not counts(said.evidence, scope, set(after[:1])):
        return None
    if not counts(said.evidence, scope, asked) and not _is_of_other_kind(said, words):
        asked = set(words)
    sure = about(said.statement, value.start, value.end, said.evidence.keys)[1]
    possible = counts(said.evidence, scope, asked) if asked else []
    if not possible:
        return None
    known = asked | said.evidence.known.intersection(said.statement.between(0, len(said.statement.text)))
    wider = [*possible, *counts(said.evidence, scope, known)]
    if not sure:
        wider += counts(said.evidence, set(), known)
        wider.append(Decimal(len(said.statement.entities)))
    if any(each == value.number for each in wider):
        return ()
    return (said.finding("arithmetic", value, (), str(possible[0])),)


def _is_of_other_kind(said: Said, words: Sequence[str]) -> bool:
    """Tell whether words speak of something that a record holds, so that they count nothing."""
    listed = {term for group in said.evidence.groups for term in group.key}
    flags = {term for leaf in said.evidence.leaves if isinstance(leaf.value, bool) for term in leaf.key}
    held = {*said.evidence.keys, *MONEY} & set(words)
    return bool(held - listed - flags)


def _possible(said: Said, cue: Cue | None, value: Value, scope: set[int]) -> Iterator[Decimal]:
    entities = (*said.topic, *said.statement.entities)
    mentioned = [money for entity in entities for money in money_of(said.evidence, entity.records)]
    stated = [*said.money, *(v.number for v in said.statement.values if v.start != value.start)]
    scopes = [scope, set[int]()] if scope else [set[int]()]
    match cue:
        case "average":
            yield from (each for records in scopes for each in averages(said.evidence, records))
        case "difference":
            for records in scopes:
                yield from differences([*mentioned, *stated, *money_of(said.evidence, records or _all(said))])
        case "share":
            yield from shares([*stated, *mentioned, *money_of(said.evidence, scope or _all(said))])
        case "least" | "most":
            yield from (each for records in scopes for each in extremes(said.evidence, records, cue))
        case "total" | None | "count":
            if cue is None and not value.money:
                return
            for records in scopes:
                yield from sums(said.evidence, records)
            yield from (one * other for one, other in combinations(stated[:10], 2))
            if len(stated) > 1:
                yield sum(stated, Decimal(0))
                yield sum(said.money, Decimal(0))
            yield from _sum_mentioned(said)


def _sum_mentioned(said: Said) -> Iterator[Decimal]:
    firsts = [money_of(said.evidence, entity.records)[:1] for entity in said.statement.entities]
    numbers = [number for first in firsts for number in first]
    if len(numbers) > 1:
        yield sum(numbers, Decimal(0))


def _all(said: Said) -> set[int]:
    return {record.index for record in said.evidence.records if record.parent < 0}


def _speaks_of(leaf: Leaf, words: Sequence[str], value: Value) -> bool:
    money = bool(MONEY.intersection(leaf.key)) and (value.money or bool(MONEY.intersection(words)))
    return bool(leaf.key) and (set(leaf.key) <= set(words) or (money and bool({"total", "amount"} & set(leaf.key))))


def _near(number: Decimal, value: Value) -> bool:
    return abs(number - value.number) <= max(value.slack, Decimal("0.005") if value.money else Decimal(0))
