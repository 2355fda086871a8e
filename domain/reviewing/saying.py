"""Know of one statement whom each place of it speaks of, in the light of the statements before it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.reviewing.evidence import Evidence
from domain.reviewing.findings import Finding, FindingKind
from domain.reviewing.records import Leaf
from domain.reviewing.statements import Entity, Statement, Word, about
from domain.reviewing.values import Value

CLAUSE = re.compile(r",\s| and | but | while | whereas |\)")
"""Where what is said of a value ends."""


@dataclass(frozen=True)
class Said:
    """Be a statement; ``topic`` is whom the statements before it were about, ``money`` what they said."""

    evidence: Evidence
    statement: Statement
    topic: Sequence[Entity]
    money: Sequence[Decimal]

    def scope(self, start: int, end: int) -> set[int]:
        """Return the records that what stands at a place is said of."""
        group, sure = about(self.statement, start, end, self.evidence.keys)
        if not group:
            return self._narrowed(self.topic)
        scope = self._narrowed(group)
        if len(scope) > 1 and self.topic:
            within = scope & self.evidence.around(self._narrowed(self.topic))
            scope = within or scope
        return scope if sure else scope | self._narrowed(self.topic)

    def _narrowed(self, group: Sequence[Entity]) -> set[int]:
        """Return the records that entities mean together: of one within another the inner, of several of a kind all."""
        scope: set[int] = set()
        for entity in group:
            if not scope:
                scope = set(entity.records)
                continue
            inner = {index for index in scope if not self.evidence.around([index]).isdisjoint(entity.records)}
            outer = {index for index in entity.records if not self.evidence.around([index]).isdisjoint(scope)}
            if self.same_kind(scope, entity.records) and not inner:
                scope |= entity.records
            elif inner and self._depth(inner) >= self._depth(entity.records):
                scope = inner
            elif outer:
                scope = outer
        return scope

    def _depth(self, records: Iterable[int]) -> int:
        return max((_depth(self.evidence, index) for index in records), default=0)

    def below(self, scope: set[int]) -> list[Leaf]:
        """Return the leaves of records and of all that lies in them."""
        return self.evidence.leaves_of(sorted(self.evidence.below(scope)))

    def same_kind(self, one: Iterable[int], other: Iterable[int]) -> bool:
        """Tell whether records are of the same kind as others."""
        kinds = {self.evidence.records[index].kind for index in one}
        return any(self.evidence.records[index].kind in kinds for index in other)

    def words_about(self, start: int, end: int) -> list[str]:
        """Return the terms about a place: since what was said before, and the next few."""
        marks = [*(at for at, _ in self.statement.said), *(each.start for each in self.statement.entities)]
        ends = [stop for _, stop in self.statement.said if stop <= start]
        before = self.statement.between(max(ends, default=0), start)
        stop = min((m for m in marks if m >= end), default=len(self.statement.text))
        clause = CLAUSE.search(self.statement.text, end, stop)
        after = self.statement.between(end, clause.start() if clause else stop)
        called = {word for e in self.statement.entities for word in self.statement.between(e.start, e.end)}
        return [word for word in (*before, *after[:5]) if word not in called]

    def finding(self, kind: FindingKind, value: Value | Word, expected: Sequence[Leaf], figure: str = "") -> Finding:
        """Return what is wrong with a value or a word, where the evidence says what is expected."""
        leaf = expected[0] if expected else None
        return Finding(
            kind=kind,
            place=self.place,
            said=value.text.strip(),
            expected=figure or (leaf.text[:100] if leaf else ""),
            evidence=f"{' '.join(leaf.key)} in {leaf.source}" if leaf else "",
        )

    @property
    def place(self) -> str:
        """Return the statement, short enough to be shown."""
        text = " ".join(self.statement.text.split())
        return text if len(text) <= 80 else f"{text[:79]}…"


def _depth(evidence: Evidence, index: int) -> int:
    depth = 0
    while (index := evidence.records[index].parent) >= 0:
        depth += 1
    return depth
