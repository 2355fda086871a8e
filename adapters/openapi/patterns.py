"""Match a document's regular expressions only where that surely ends soon.

Python's engine tries again and again where an expression is ambiguous: one of thirty characters can hold up a process
for ever. What is not tried here says nothing about a text; the API itself will judge.
"""

import re
import warnings
from functools import lru_cache

import msgspec

MOST_CHARACTERS = 1_000
MOST_STEPS = 10_000_000

# One escaped character, or one class: both match a single character.
_SINGLE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_UNUSUAL = re.compile(r"\\[1-9]|\(\?(?![:=!]|<[=!]|P<)|\{\d*,?\d{4}|\)\{\d*,?\d{3}")
_INNERMOST = re.compile(r"\((?:\?(?:[:=!]|<[=!]|P<\w+>))?([^()]*)\)([*+?{])?")
_QUANTIFIER = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\}")
_FIXED = re.compile(r"\{\d+\}")


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """Count what an engine may try: quantifiers of no fixed count, and the alternatives of all groups, multiplied."""

    quantifiers: int
    alternatives: int


def mismatches(pattern: str, text: str) -> bool:
    """Tell whether a text surely does not match an expression; False too where that is not tried."""
    expression = _tried(pattern, text)
    return expression is not None and expression.search(text) is None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text surely matches an expression; False too where that is not tried."""
    expression = _tried(pattern, text)
    return expression is not None and expression.search(text) is not None


def _tried(pattern: str, text: str) -> re.Pattern[str] | None:
    found = _expression(pattern)
    if found is None or len(text) > MOST_CHARACTERS:
        return None
    expression, choices = found
    # At every place each quantifier may try every length, together with every alternative.
    steps = choices.alternatives * len(text) ** (choices.quantifiers + 1)
    return expression if steps <= MOST_STEPS else None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> tuple[re.Pattern[str], Choices] | None:
    """Compile an expression and count its choices; None where Python may read it otherwise or never end."""
    choices = choices_of(pattern)
    if choices is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            return re.compile(pattern), choices
    except (re.error, FutureWarning, OverflowError):
        return None


def choices_of(pattern: str) -> Choices | None:
    """Count the choices; None where a quantifier may stand over another or over an alternative, or text is repeated."""
    if len(pattern) > MOST_CHARACTERS:
        return None
    bare = _SINGLE.sub(lambda single: single[0] if single[0][1:2] in "123456789" else "x", pattern)
    if _UNUSUAL.search(bare):
        return None
    alternatives = 1
    while group := _INNERMOST.search(bare):
        body, repeated = group[1], group[2]
        if repeated and (_QUANTIFIER.search(body) or "|" in body):
            return None
        alternatives *= body.count("|") + 1
        bare = f"{bare[: group.start()]}{'x' if repeated else body}{repeated or ''}{bare[group.end() :]}"
    if "(" in bare or ")" in bare:
        return None
    return Choices(quantifiers=len(_QUANTIFIER.findall(_FIXED.sub("", bare))), alternatives=alternatives)
