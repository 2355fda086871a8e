"""Read sources into records: what belongs to which entity.

A record is an object of a JSON output. It is called by the identifiers and names that it holds, and by its key in a map
of records. Texts that tell the elements of a list apart are their names too.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from domain.encoding import parse
from domain.errors import Invalid
from domain.reviewing.records import Group, Leaf, Record, is_naming
from domain.reviewing.terms import Terms, alike, is_short, key_terms, terms
from domain.reviewing.values import Day, values_in

MOST_LEAVES = 20_000
LONGEST_NAME = 8
DEEPEST = 64
_DAYS = frozenset([("date",), ("day",), ("month",), ("week",), ("time",)])


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Be one piece of evidence; ``name`` says where it is from. ``whole``: its text is not cut."""

    name: str
    text: str
    whole: bool = True


class Reading:
    """Hold what was read, records indexed by names and words; ``loose`` texts are known too, but of no record."""

    def __init__(self, sources: Iterable[Source], loose: Sequence[str] = ()) -> None:
        self.records: list[Record] = []
        self.leaves: list[Leaf] = []
        self.groups: list[Group] = []
        self.whole = True
        self.names: dict[Terms, set[int]] = defaultdict(set)
        self.words: dict[Terms, list[int]] = defaultdict(list)
        self.known: set[str] = set()
        self.keys: set[str] = set()
        self.asked = tuple(loose)
        self.loose = list(loose)
        self.days: dict[Day, set[int]] = defaultdict(set)
        sources = list(sources)
        for source in sources:
            self._read(source)
        for text in self.loose:
            self.known.update(_all_terms(text))
        self.known |= self.keys
        for group in self.groups:
            self._tell_apart(group)
        self.known.update(part for source in sources for part in key_terms(source.name))

    def _read(self, source: Source) -> None:
        self.whole = self.whole and source.whole
        try:
            value = parse(source.text) if source.whole else None
        except Invalid:
            value = None
        if isinstance(value, dict | list) and _is_flat(source.text):
            self._add(value, source.name, -1, key_terms(source.name)[-1:] if isinstance(value, list) else ())
        else:
            self.loose.append(source.text)

    def _add(self, value: Any, source: str, owner: int, key: Terms) -> None:
        if len(self.leaves) > MOST_LEAVES:
            self.whole = False
            return
        match value:
            case dict():
                self._add_object(value, source, owner, key)
            case list():
                self._add_list(value, source, owner, key)
            case _:
                self._add_leaf(value, source, owner, key)

    def _add_object(self, value: dict[str, Any], source: str, owner: int, key: Terms) -> None:
        if not _is_map(value):
            self._fill(self._record(owner, key, anonymous=owner >= 0), value, source)
            return
        group = Group(owner, key, len(value), [])
        self.groups.append(group)
        for name, held in value.items():
            made = self._record(owner, key, anonymous=False)
            group.records.append(made.index)
            self._name(made, name)
            made.own = name
            self._fill(made, held, source)

    def _record(self, owner: int, kind: Terms, *, anonymous: bool) -> Record:
        made = Record(len(self.records), owner, kind, anonymous)
        self.records.append(made)
        if owner >= 0:
            self.records[owner].children.append(made.index)
        return made

    def _fill(self, made: Record, value: dict[str, Any], source: str) -> None:
        for name, held in value.items():
            self.keys.update(key_terms(name))
            self._add(held, source, made.index, key_terms(name))
        named = self.holder(made)
        parts = []
        for name, held in value.items():
            key = key_terms(name)
            if isinstance(held, str | int) and not isinstance(held, bool) and is_naming(key):
                self._name(named, str(held))
                if key[-1] == "id" and (not made.own or made.kind[-1:] == key[:1]):
                    made.own = str(held)
                if key[-1] == "name" and key[0] in ("first", "given", "last", "family"):
                    parts.append(str(held))
        if len(parts) == 2:
            self._name(named, " ".join(parts))

    def holder(self, made: Record) -> Record:
        """Return whose values those of a record are: its own, or its parent's where it only groups them."""
        while made.anonymous and made.parent >= 0:
            made = self.records[made.parent]
        return made

    def _name(self, record: Record, name: str) -> None:
        for called in _spellings(name):
            if called and len(called) <= LONGEST_NAME and not all(map(is_short, called)):
                self.names[called].add(record.index)

    def _add_list(self, value: list[Any], source: str, owner: int, key: Terms) -> None:
        group = Group(owner, key, len(value), [])
        self.groups.append(group)
        for each in value:
            if isinstance(each, dict) and not _is_map(each):
                made = self._record(owner, key, anonymous=False)
                group.records.append(made.index)
                self._fill(made, each, source)
            else:
                self._add(each, source, owner, key)

    def _add_leaf(self, value: Any, source: str, owner: int, key: Terms) -> None:
        if owner < 0:
            owner = self._record(-1, (), anonymous=False).index
        leaf = Leaf(len(self.leaves), key, value, owner, source)
        self.leaves.append(leaf)
        self.records[owner].leaves.append(leaf.index)
        if isinstance(value, str):
            self.known.update(_all_terms(value))
            for called in _spellings(value):
                if called and len(called) <= LONGEST_NAME:
                    self.words[called].append(leaf.index)

    def _tell_apart(self, group: Group) -> None:
        """Call the elements of a list by texts and days that tell all of them apart."""
        columns: dict[Terms, list[Leaf]] = {}
        for leaf in self.leaves_of(group.records):
            columns.setdefault(leaf.key, []).append(leaf)
        for key, column in columns.items():
            texts = [leaf.value for leaf in column if isinstance(leaf.value, str)]
            if len(texts) < 2 or len(set(texts)) < len(group.records):
                continue
            if all(any(map(str.isupper, text)) and not values_in(text) and len(text) < 60 for text in texts):
                for leaf in column:
                    self._name(self.records[leaf.record], leaf.value)
            elif key[-1:] in _DAYS and all(values_in(text)[:1] and values_in(text)[0].days for text in texts):
                for leaf in column:
                    for year, month, day in values_in(leaf.value)[0].days:
                        self.days[year, month, day].add(leaf.record)
                        self.days[0, month, day].add(leaf.record)

    def leaves_of(self, records: Iterable[int]) -> list[Leaf]:
        """Return the leaves of records themselves."""
        return [self.leaves[leaf] for index in records for leaf in self.records[index].leaves]


def _is_flat(text: str) -> bool:
    """Tell whether JSON is not so deep that following it would never end."""
    deepest = depth = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest <= DEEPEST


def _is_map(value: dict[str, Any]) -> bool:
    """Tell whether an object is a map of records: all are objects, and its keys say which, not what."""
    held = list(value.values())
    if not held or not all(isinstance(each, dict) for each in held):
        return False
    if all(any(map(str.isdigit, key)) for key in value):
        return True
    return len(held) > 1 and all(set(each) == set(held[0]) for each in held)


def _spellings(name: str) -> set[Terms]:
    """Return the terms of a name as it is written, and with its parts as words."""
    return {terms(name), terms(name.replace("_", " ").replace("-", " "))}


def _all_terms(text: str) -> set[str]:
    return {part for term in terms(text) for part in (term, *(alike(each) for each in term.split("_")))}
