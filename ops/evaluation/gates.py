"""Hold figures against thresholds, such as ``through<=2`` or ``suites.banking.through<=0``.

Those in ``ratchet.json`` were reached once: whatever is changed, no figure gets worse than it says there.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import Invalid, NotPossible

RATCHET = Path(__file__).with_name("ratchet.json")
_FORM = re.compile(r"\s*([\w.-]+?)\s*(>=|<=|==|>|<)\s*(-?\d+(?:\.\d+)?)\s*")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """Say which figure must stand how to which number; ``figure`` may lead into others by dots."""

    figure: str
    sign: str
    number: float

    def __str__(self) -> str:
        """Return the threshold as it is written."""
        return f"{self.figure}{self.sign}{self.number:g}"


def read_threshold(text: str) -> Threshold:
    """Read a threshold; raise Invalid."""
    found = _FORM.fullmatch(text)
    if not found:
        raise Invalid(f"Expected a threshold such as 'through<=2', with one of {' '.join(_HOLDS)}, got {text[:100]!r}.")
    return Threshold(figure=found[1], sign=found[2], number=float(found[3]))


def kept_thresholds(suite: str) -> tuple[Threshold, ...]:
    """Return what a suite has reached before."""
    kept = msgspec.json.decode(RATCHET.read_bytes(), type=dict[str, list[str]])
    return tuple(map(read_threshold, kept.get(suite, ())))


def check_known(names: Collection[str], thresholds: Iterable[Threshold]) -> None:
    """Raise Invalid, before anything is run, for a threshold on what a suite has no figure of; ``names`` as it says."""
    for each in thresholds:
        if not is_named(each.figure, names):
            raise Invalid(f"Expected a threshold on one of {', '.join(names)}, but {each.figure[:100]!r} is none.")


def is_named(figure: str, names: Iterable[str]) -> bool:
    """Tell whether a figure is one of those that a suite names."""
    return any(fnmatchcase(figure, name) for name in names)


def check_named(figures: Mapping[str, Any], thresholds: Iterable[Threshold]) -> None:
    """Raise Invalid for a threshold that names no figure."""
    for each in thresholds:
        _figure(figures, each.figure)


def check_figures(figures: Mapping[str, Any], thresholds: Iterable[Threshold]) -> None:
    """Raise NotPossible with every threshold that is missed, and Invalid for one that names no figure."""
    missed = [
        f"{each} (it is {value:g})"
        for each in thresholds
        for value in [_figure(figures, each.figure)]
        if not _HOLDS[each.sign](value, each.number)
    ]
    if missed:
        raise NotPossible(f"Expected {', '.join(missed)}.")


def _figure(figures: Mapping[str, Any], name: str) -> float:
    known = numbers(figures)
    if name not in known:
        raise Invalid(f"Expected a threshold on one of {', '.join(known)}, but {name[:100]!r} is none.")
    return known[name]


def numbers(figures: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Return every figure that is a number, those in others under their names by dots."""
    found: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found |= numbers(value, f"{before}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[f"{before}{name}"] = float(value)
    return found
