"""Give rows their shape."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape", bound=msgspec.Struct)
Key = TypeVar("Key")


def shaped(kind: type[Shape], row: Mapping[str, Any]) -> Shape:
    """Return a row as a Struct, by the names of its fields; where a column is null or absent the default stands."""
    return kind(**{name: row[name] for name in kind.__struct_fields__ if row.get(name) is not None})


def grouped(
    kind: type[Shape], rows: Iterable[Mapping[str, Any]], column: str, asked: Iterable[Key]
) -> dict[Key, list[Shape]]:
    """Return for each key that was asked for, also for one that has none, its rows in their order."""
    found: dict[Key, list[Shape]] = {key: [] for key in asked}
    for row in rows:
        found[row[column]].append(shaped(kind, row))
    return found
