"""Hold what evidence consists of: records, the values under their keys, and the lists that they stand in."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.reviewing.terms import Terms, word_set

_NAMING = word_set("id name email title sku username login slug handle reference tracking uuid label")
_NUMBERED = word_set("order invoice account ticket case customer booking flight part serial tracking")
_CENTS = frozenset(["cent", "minor", "penny", "pence"])
_PIECES = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Be a value of a record, under a key; ``group`` numbers the list or map of records that it is part of."""

    index: int
    key: Terms
    value: Any
    record: int
    source: str

    @property
    def text(self) -> str:
        """Return the value in words."""
        return str(self.amount) if self.in_cents else str(self.value)

    @property
    def in_cents(self) -> bool:
        """Tell whether a whole number counts hundredths of what people speak of."""
        return isinstance(self.value, int) and not _CENTS.isdisjoint(self.key)

    @property
    def amount(self) -> Decimal:
        """Return the size of a number as people speak of it."""
        return abs(Decimal(self.value)) / (100 if self.in_cents else 1)


@dataclass(slots=True)
class Record:
    """Be an object; ``kind`` are the terms of what it is one of, ``anonymous``: it only groups values of its parent."""

    index: int
    parent: int
    kind: Terms
    anonymous: bool
    leaves: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    own: str = ""


@dataclass(slots=True)
class Group:
    """Be a list, or a map of records: ``records`` are its elements, ``size`` counts those that are plain values too."""

    owner: int
    key: Terms
    size: int
    records: list[int]


def is_naming(key: Terms) -> bool:
    """Tell whether what stands under a key is what a record is called."""
    if key[-1:] == ("number",):
        return bool(_NUMBERED.intersection(key))
    return bool(key) and key[-1] in _NAMING


def is_number(leaf: Leaf) -> bool:
    """Tell whether a leaf is a number, and no text that holds one."""
    return isinstance(leaf.value, int | Decimal) and not isinstance(leaf.value, bool)


def numbers_of(value: Any) -> list[Decimal]:
    """Return the numbers that a leaf holds, without their sign."""
    match value:
        case bool() | None:
            return []
        case int() | Decimal():
            return [abs(Decimal(value))]
        case str() if any(map(str.isdecimal, value)):
            try:
                return [abs(Decimal(value))] if len(value) < 40 and value.isascii() else []
            except ArithmeticError:
                digits = (each for each in _PIECES.findall(value))
                return [Decimal(each) for each in digits if len(each) < 12]
        case _:
            return []
