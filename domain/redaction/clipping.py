"""Cut texts short without cutting a value in two: half of one would be recognised by nobody."""

import re

_WORD = re.compile(r'[^\s",;{}\[\]()<>]*$')
_FIGURES = re.compile(r"(?:(?:[\w.+/]*\d[\w.+/]*|[A-Z]{4})[ -]{1,3})+$")


def clipped(text: str, most: int) -> str:
    """Return the beginning of a text, at most so long, without the word at the cut and the figures before it."""
    if len(text) <= most:
        return text
    return _FIGURES.sub("", _WORD.sub("", text[:most])) + "…"
