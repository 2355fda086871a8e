"""Give rows their shape."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape", bound=msgspec.Struct)


def shaped(kind: type[Shape], row: Mapping[str, Any]) -> Shape:
    """Return a row as a Struct, by the names of its fields; where a column is null or absent the default stands."""
    return kind(**{name: row[name] for name in kind.__struct_fields__ if row.get(name) is not None})
