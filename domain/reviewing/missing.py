"""Find what was asked for by name and is not said: fields of the evidence, sums and counts."""

import re
from collections.abc import Iterator, Sequence

from domain.reviewing.evidence import Evidence
from domain.reviewing.figures import sums
from domain.reviewing.findings import Finding
from domain.reviewing.records import Leaf, numbers_of
from domain.reviewing.statements import sentences
from domain.reviewing.terms import Terms, terms, word_set
from domain.reviewing.values import Value, values_in

_ASKING = re.compile(r"\b(?:tell me|tell us|report|answer with|what is|what are|how many|how much)\b[^.;\n]*", re.I)
_EVASIVE = word_set("unknown n/a na null none missing tbd undefined unspecified blank")
_SUMS = word_set("total sum altogether overall combined")
_VAGUE = frozenset([("id",), ("name",), ("type",), ("source",), ("state",), ("value",), ("country",), ("option",)])
"""Keys that are words of many meanings: they are asked for only where others stand beside them."""


def missing(claim: str, evidence: Evidence, *, criteria: str, goal: str) -> Iterator[Finding]:
    """Return what criteria, or the questions of a goal, name and a claim does not say."""
    asked = " . ".join([criteria, *(match[0] for match in _ASKING.finditer(goal))])
    wanted, said = _parts(asked), _parts(claim)
    values = values_in(claim)
    for key, leaves in _asked_keys(wanted, evidence):
        if not _is_said(key, leaves, said, claim, values):
            example = next((leaf for leaf in leaves), None)
            yield Finding(
                kind="missing",
                place="all of it",
                said="",
                expected=" ".join(key),
                evidence=f"{example.text[:80]} in {example.source}" if example else "",
            )
    if "total" in wanted and not _total_is_said(evidence, claim, values):
        yield Finding(kind="missing", place="all of it", said="", expected="total")
    for key, sizes in _counted(wanted, evidence):
        if not _count_is_said(key, sizes, claim, values):
            yield Finding(kind="missing", place="all of it", said="", expected=f"number of {' '.join(key)}")


def _parts(text: str) -> Terms:
    return tuple(part for term in terms(text) for part in term.split("_"))


def _stands(key: Terms, parts: Sequence[str]) -> int:
    """Return where a key stands among terms, behind its last term, or 0."""
    places = range(len(parts) - len(key) + 1)
    return next((at + len(key) for at in places if tuple(parts[at : at + len(key)]) == key), 0)


def _asked_keys(wanted: Terms, evidence: Evidence) -> Iterator[tuple[Terms, list[Leaf]]]:
    found: dict[Terms, list[Leaf]] = {}
    for leaf in evidence.leaves:
        found.setdefault(leaf.key, []).append(leaf)
    asked = [key for key in found if key and key not in _VAGUE and _stands(key, wanted)]
    for key in asked:
        longer = any(len(other) > len(key) and _within(key, other) for other in asked)
        if not longer and not all(leaf.value in (None, "") for leaf in found[key]):
            yield key, found[key]


def _within(key: Terms, other: Terms) -> bool:
    return bool(_stands(key, other))


def _is_said(key: Terms, leaves: Sequence[Leaf], said: Terms, claim: str, values: Sequence[Value]) -> bool:
    place = _stands(key, said)
    if place and said[place : place + 1] not in {(word,) for word in _EVASIVE}:
        return True
    return any(_value_is_said(leaf, said, values) for leaf in leaves)


def _value_is_said(leaf: Leaf, said: Terms, values: Sequence[Value]) -> bool:
    match leaf.value:
        case bool() | None:
            return False
        case str():
            called = _parts(leaf.value)
            days = {day for value in values_in(leaf.value) for day in value.days}
            return bool(called and _stands(called, said)) or any(days.intersection(v.days) for v in values)
        case _:
            numbers = numbers_of(leaf.value)
            return any(abs(n - v.number) <= v.slack for n in numbers for v in values if v.kind == "number")


def _total_is_said(evidence: Evidence, claim: str, values: Sequence[Value]) -> bool:
    """Tell whether a number stands by a word for a total, right or not, or anywhere one that is a total."""
    numbers = [v for v in values if v.kind == "number"]
    for start, text in sentences(claim):
        if not _SUMS.isdisjoint(_parts(text)) and any(start <= v.start < start + len(text) for v in numbers):
            return True
    return any(abs(total - v.number) <= v.slack for total in sums(evidence, set()) for v in numbers)


def _is_filtered(key: Terms, near: Terms) -> bool:
    """Tell whether another word stands right before a list's name, as in ``available variants``."""
    place = _stands(key, near) - len(key)
    return place > 0 and near[place - 1] not in ("of", "the", "has", "have", "with", "are", "contain", "include", "is")


def _counted(wanted: Terms, evidence: Evidence) -> Iterator[tuple[Terms, set[int]]]:
    """Return the keys of lists whose length is asked for, behind ``number of`` or ``how many``, and their lengths."""
    sizes: dict[Terms, set[int]] = {}
    for group in evidence.groups:
        sizes.setdefault(group.key, set()).add(group.size)
    for key, found in sizes.items():
        place = _stands(key, wanted)
        before = wanted[max(0, place - len(key) - 2) : place - len(key)] if key and place else ()
        if before[-2:] == ("number", "of") or before[-1:] == ("many",):
            yield key, found


def _count_is_said(key: Terms, sizes: set[int], claim: str, values: Sequence[Value]) -> bool:
    """Tell whether a number stands by the name of a list; whether it is right is not asked here."""
    for value in values:
        if value.kind == "number" and not value.money:
            near = (
                _parts(claim[max(0, value.start - 60) : value.start])[-8:]
                + _parts(claim[value.end : value.end + 40])[:4]
            )
            filtered = near[-4:] and value.number not in sizes and _is_filtered(key, near)
            if key[-1] in near and not filtered:
                return True
    return False
