"""Find in a goal what it names: proper names, texts in quotes, and numbers."""

import re

_QUOTED = re.compile(r"[\"“']([^\"”']{1,200})[\"”']")
_NAME = re.compile(r"(?<=[a-z0-9,:] )[A-Z][\w'-]*(?:(?: (?:of|the|and|in|de|van|von))* [A-Z][\w'-]*)*")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")


def names_something(goal: str) -> bool:
    """Tell whether a goal names something, in quotes or by a capital behind a word in small letters."""
    return bool(names_in(goal))


def names_in(goal: str) -> list[str]:
    """Return what a goal names, in quotes first."""
    quoted = [each.strip() for each in _QUOTED.findall(goal)]
    return [*quoted, *(each.removesuffix("'s") for each in _NAME.findall(goal) if each not in quoted)]


def numbers_in(goal: str) -> list[str]:
    """Return the numbers of a goal, as they are written."""
    return _NUMBER.findall(goal)
