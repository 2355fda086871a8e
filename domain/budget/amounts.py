"""Count what a run uses up, in whole numbers: money in millionths of a currency, time in milliseconds."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import msgspec

Kind: TypeAlias = Literal["steps", "model_calls", "tool_calls", "tokens", "money", "wall_ms"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST = 10**15
"""The largest amount of anything, a thousand million units of money; larger sums stay there."""


class Amounts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold an amount of each kind; ``money`` is in millionths of the currency that is agreed elsewhere."""

    steps: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    money: int = 0
    wall_ms: int = 0

    def of(self, kind: Kind) -> int:
        """Return the amount of one kind."""
        return int(getattr(self, kind))

    @property
    def nothing(self) -> bool:
        """Tell whether there is none of anything."""
        return not any(self.of(kind) for kind in KINDS)


class Ceilings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold the most that may be used of each kind; None stands for no limit."""

    steps: int | None = None
    model_calls: int | None = None
    tool_calls: int | None = None
    tokens: int | None = None
    money: int | None = None
    wall_ms: int | None = None

    def of(self, kind: Kind) -> int | None:
        """Return the limit of one kind."""
        limit: int | None = getattr(self, kind)
        return limit

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds that are limited."""
        return tuple(kind for kind in KINDS if self.of(kind) is not None)


def plus(one: Amounts, other: Amounts) -> Amounts:
    """Add amounts, at most MOST of each."""
    return Amounts(**{kind: min(one.of(kind) + other.of(kind), MOST) for kind in KINDS})


def minus(one: Amounts, other: Amounts) -> Amounts:
    """Take amounts away, down to nothing."""
    return Amounts(**{kind: max(one.of(kind) - other.of(kind), 0) for kind in KINDS})


def total(amounts: Iterable[Amounts]) -> Amounts:
    """Add up amounts."""
    result = Amounts()
    for each in amounts:
        result = plus(result, each)
    return result


def in_words(kind: Kind, amount: int, currency: str = "") -> str:
    """Say an amount as people read it."""
    match kind:
        case "money":
            return f"{amount // 1_000_000}.{amount % 1_000_000:06} {currency}".rstrip()
        case "wall_ms":
            return f"{amount} ms of time"
        case _:
            return f"{amount} {kind.replace('_', ' ')}"
