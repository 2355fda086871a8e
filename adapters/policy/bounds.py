"""Bound what the engine is given to read: it calls itself for whatever nests, and dies of too much with the process."""

import re

from domain.errors import Invalid

MOST_DEEP = 50
MOST_TOKENS = 5_000
"""A chain of operators nests too, one level each; the engine was seen to die of some ten thousand."""

# As the engine reads it: a comment ends with its line, and a text may hold whatever it escapes.
_TOKEN = re.compile(r'//[^\n\r]*|"(?:\\.|[^"\\])*"|\w+|\S', re.DOTALL)
_OPENS = dict.fromkeys("([{", 1) | dict.fromkeys(")]}", -1)


def check_bounds(name: str, text: str) -> None:
    """Raise Invalid where a rule nests too deep or is too long."""
    deep = tokens = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token.startswith("//"):
            continue
        tokens = 0 if token == ";" else tokens + 1
        deep = max(0, deep + _OPENS.get(token, 0))
        if deep > MOST_DEEP or tokens > MOST_TOKENS:
            line = text.count("\n", 0, found.start()) + 1
            raise Invalid(
                f"Expected rules of at most {MOST_TOKENS} words and signs, nested at most {MOST_DEEP} deep, but {name} "
                f"has one with more in line {line}: split it into several."
            )
