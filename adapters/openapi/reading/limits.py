"""Bound what a document may cost to read."""

from typing import Any

import msgspec

from domain.errors import Invalid, TooLarge

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 100
MAX_NODES = 3_000_000
# Longer ones are no quantities, and no other program agrees with ours on what they are.
MAX_DIGITS = 100


def check_size(size: int) -> None:
    """Raise TooLarge for more bytes than are read."""
    if size > MAX_BYTES:
        raise TooLarge(f"Expected a document of at most {MAX_BYTES} bytes, not {size}; split it.")


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Say how many values a tree has, and how many keys all its objects have."""

    values: int
    keys: int


def measure(tree: Any) -> Size:
    """Return a tree's size; raises Invalid where it is nested too deep, and TooLarge where it has too many values."""
    keys = values = 0
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if type(value) is dict:
                keys += len(value)
                below.extend(value.values())
            elif type(value) is list:
                below.extend(value)
        values += len(level)
        if values > MAX_NODES:
            raise too_many()
        if not below:
            return Size(values=values, keys=keys)
        level = below
    raise too_deep()


def check_text(tree: Any) -> None:
    """Raise TooLarge where the texts of a measured tree, which may be the same ones many times, are too long."""
    characters = 0
    level = [tree]
    while level:
        below: list[Any] = []
        for value in level:
            if type(value) is dict:
                characters += sum(map(len, value))
                below.extend(value.values())
            elif type(value) is list:
                below.extend(value)
            elif type(value) is str:
                characters += len(value)
        level = below
    if characters > MAX_BYTES:
        raise too_long()


def too_deep() -> Invalid:
    """Return the refusal of what is nested too deep."""
    return Invalid(f"Expected a document nested at most {MAX_DEPTH} deep; flatten it with $ref.")


def too_many(place: str = "") -> TooLarge:
    """Return the refusal of too many values."""
    return TooLarge(
        f"Expected at most {MAX_NODES} values with all aliases expanded, but there are more{place}; split the document."
    )


def too_long(place: str = "") -> TooLarge:
    """Return the refusal of too much text."""
    return TooLarge(
        f"Expected at most {MAX_BYTES} characters with all aliases expanded, but there are more{place}; "
        "split the document."
    )
