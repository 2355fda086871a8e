"""Ask what evidence says: what belongs to which entity, so that a claim about one is not proved by another.

A record lies in the record around it, and is linked to those whose own identifier it holds.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property

from domain.reviewing.reading import Reading, Source
from domain.reviewing.records import Leaf, numbers_of
from domain.reviewing.values import Day, Value, values_in

_DIVIDERS = str.maketrans("", "", "#-() .+")


class Evidence(Reading):
    """Answer what belongs to a record, and which values equal what is said."""

    def __init__(self, sources: Iterable[Source], loose: Sequence[str] = ()) -> None:
        super().__init__(sources, loose)
        self._links = self._linked()

    # What belongs to what

    def _linked(self) -> dict[int, set[int]]:
        own = defaultdict(set)
        for record in self.records:
            if record.own:
                own[record.own].add(record.index)
        links: dict[int, set[int]] = defaultdict(set)
        for leaf in self.leaves:
            for other in own.get(leaf.value, ()) if isinstance(leaf.value, str) else ():
                if other != leaf.record:
                    links[self.holder(self.records[leaf.record]).index].add(other)
                    links[other].add(self.holder(self.records[leaf.record]).index)
        return links

    def below(self, records: Iterable[int]) -> set[int]:
        """Return records and all that lies in them."""
        found, due = set(), list(records)
        while due:
            index = due.pop()
            if index not in found:
                found.add(index)
                due += self.records[index].children
        return found

    def around(self, records: Iterable[int]) -> set[int]:
        """Return what speaks of records: they, what lies in them, what they lie in, and what is linked to those."""
        start = set(records)
        found = self.below(start)
        for index in start:
            found |= self.below(other for other in self._links.get(index, ()) if other not in start)
            parent = self.records[index].parent
            while parent >= 0:
                found.add(parent)
                found |= self.below(c for c in self.records[parent].children if self.records[c].anonymous)
                parent = self.records[parent].parent
        return found

    # What equals what is said

    @cached_property
    def _numbers(self) -> list[tuple[Decimal, int]]:
        return sorted((number, leaf.index) for leaf in self.leaves for number in numbers_of(leaf.value))

    @cached_property
    def _days(self) -> dict[Day, list[int]]:
        found: dict[Day, list[int]] = defaultdict(list)
        for leaf in self.leaves:
            for value in values_in(leaf.value) if isinstance(leaf.value, str) and len(leaf.value) >= 8 else ():
                for day in value.days:
                    found[day].append(leaf.index)
                    found[(0, *day[1:])].append(leaf.index)
        return found

    @cached_property
    def _loose_values(self) -> list[Value]:
        return [value for text in self.loose for value in values_in(text)]

    @cached_property
    def _squeezed(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for leaf in self.leaves:
            if isinstance(leaf.value, str | int | Decimal) and not isinstance(leaf.value, bool):
                found[_squeeze(str(leaf.value))].append(leaf.index)
                if isinstance(leaf.value, str):
                    for value in values_in(leaf.value):
                        if value.kind == "id" and value.text != leaf.value:
                            found[_squeeze(value.text)].append(leaf.index)
        return found

    def _near(self, number: Decimal, slack: Decimal) -> list[Leaf]:
        """Return the leaves with a number, to a precision."""
        low = bisect_left(self._numbers, (number - slack, -1))
        high = bisect_right(self._numbers, (number + slack, len(self.leaves)))
        return [self.leaves[index] for _, index in self._numbers[low:high]]

    def equal(self, value: Value) -> list[Leaf]:
        """Return the leaves that hold a value."""
        match value.kind:
            case "date":
                return [self.leaves[index] for day in value.days for index in self._days.get(day, ())]
            case "id":
                return [self.leaves[index] for index in self._squeezed.get(_squeeze(value.text), ())]
            case _:
                found = self._near(value.number, value.slack)
                if value.money:  # a price is no part of a text
                    found = [leaf for leaf in found if not isinstance(leaf.value, str) or _is_number(leaf.value)]
                if value.percent:
                    found += self._near(value.number / 100, value.slack / 100)
                if value.slack == Decimal("0.005") and not found:
                    whole = self._near(value.number * 100, Decimal(0))
                    found = [leaf for leaf in whole if isinstance(leaf.value, int) and (value.money or leaf.in_cents)]
                return found

    def mentions(self, value: Value) -> bool:
        """Tell whether a value stands in a text that belongs to no record."""
        return any(_same(value, other) for other in self._loose_values)

    def is_asked_with(self, text: str) -> bool:
        """Tell whether words stand in what was asked, and not only in what somebody stated before."""
        return any(text.lower() in asked.lower() for asked in self.asked)

    def finds(self, text: str) -> bool:
        """Tell whether words stand in a text that belongs to no record."""
        return any(text.lower() in loose.lower() for loose in self.loose)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+$€£]?\d[\d,]*(?:\.\d+)?", text.strip()) is not None


def _squeeze(text: str) -> str:
    """Return an identifier as it is compared: in lower case, without what only divides it."""
    return text.lower().translate(_DIVIDERS)


def _same(one: Value, other: Value) -> bool:
    match one.kind, other.kind:
        case "number", "number":
            return abs(one.number - other.number) <= max(one.slack, Decimal(0))
        case "date", "date":
            return any(a[1:] == b[1:] and (a[0] == b[0] or 0 in (a[0], b[0])) for a in one.days for b in other.days)
        case _:
            return _squeeze(one.text) == _squeeze(other.text)
