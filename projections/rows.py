"""Describe what a read model writes: rows that know only what changed.

A field that is None leaves its column as it is; where there is no row yet, only a change that brings all that a row
needs makes one. So an event is projected without reading anything, and many changes of one row become one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Self, TypeAlias

import msgspec

from domain.envelope import Event
from domain.upcasting import AnyEvent
from projections.ports import Recorded


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Be the parent of all rows; a subclass's fields are its table's columns, or orders to its statement.

    Array columns are lists, for psycopg takes tuples for composite types.
    """

    NAME: ClassVar[str]
    """Names the statement that writes these rows."""
    KEY: ClassVar[tuple[str, ...]]
    """Names the fields that tell one row from another."""
    SUMMED: ClassVar[frozenset[str]] = frozenset()
    """Names the fields that are added to what stands in the column."""

    def key(self) -> object:
        """Return what tells this row from another."""
        return tuple(getattr(self, name) for name in self.KEY)

    def then(self, later: Self) -> Self:
        """Return this change and a later one of the same row as one change."""
        return type(self)(**{name: self._merged(name, later) for name in self.__struct_fields__})

    def _merged(self, name: str, later: Self) -> object:
        before, after = getattr(self, name), getattr(later, name)
        if name in self.SUMMED:
            return before + after
        return before if after is None else after


Changes: TypeAlias = Callable[[Event[AnyEvent], Recorded], Iterable[Row]]
Rows: TypeAlias = Mapping[type[Row], Sequence[Row]]


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """Define a read model; each ``version`` has tables of its own, and a new one is built from the log's beginning.

    ``writes`` are its kinds of rows in the order of their statements, ``tables`` what these statements write to.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    writes: tuple[type[Row], ...]
    changes: Changes


def coalesce(rows: Iterable[Row]) -> Rows:
    """Return rows by their type, one for each key, in the order in which the keys came."""
    merged: dict[type[Row], dict[object, Row]] = {}
    for row in rows:
        known = merged.setdefault(type(row), {})
        key = row.key()
        before = known.get(key)
        known[key] = row if before is None else before.then(row)
    return {kind: list(known.values()) for kind, known in merged.items()}
