"""Name the values that GraphQL does not know by itself; they are written as the REST answers write them."""

from collections.abc import Mapping
from datetime import datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.encoding import Json
from domain.errors import Invalid

Position = NewType("Position", str)
Long = NewType("Long", int)


def _as_it_is(value: object) -> object:
    """Leave a value to `domain.encoding`, which keeps every digit of foreign JSON."""
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid(f"Expected a position, a string <log id>:<number>, but got {str(value)[:100]!r}.")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as the text that was stored: every number keeps its digits.",
        serialize=_as_it_is,
    ),
    Position: strawberry.scalar(
        name="Position",
        description="A place in the log, `<log id>:<number>`: dense, in commit order; another log's is refused.",
        serialize=_as_it_is,
        parse_value=_text,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of up to 63 bits, as a JSON number.",
        serialize=_as_it_is,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, for example `2026-11-22T11:40:00.123456Z`.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=_as_it_is,
    ),
}
