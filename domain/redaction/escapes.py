"""Read a text as it stands, and as what the escapes of JSON in it say: which of both it is, its end may tell."""

import re
from typing import NamedTuple

_ESCAPE = re.compile(
    r'\\(?:u(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})|u(?P<unit>[0-9a-f]{4})|(?P<sign>["\\/bfnrt]))',
    re.IGNORECASE,
)
_CUT = re.compile(r"(?:\\ud[89ab][0-9a-f]{2})?(?:\\(?:u[0-9a-f]{0,3})?)?\Z", re.IGNORECASE)
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BEFORE_NUMBER = re.compile(r'(?<="):(?=\s*\d)')
"""Parts a key of JSON from its number; in a text it would be a part of what stands behind it."""


class Unescaped(NamedTuple):
    """Hold a view of a text, and where each of its characters, and its end, stands in the text."""

    text: str
    at: range | list[int]


def unescaped(text: str) -> list[Unescaped]:
    """Return the views of a text; one with escapes ends before an escape that is cut off."""
    plain = _BEFORE_NUMBER.sub(" ", text)
    views = [Unescaped(plain, range(len(text) + 1))]
    return [*views, _read(plain)] if "\\" in text else views


def _read(text: str) -> Unescaped:
    parts: list[str] = []
    at: list[int] = []
    end = _CUT.search(text).start()  # type: ignore[union-attr] # it finds the end of every text
    begin = 0
    for found in _ESCAPE.finditer(text, 0, end):
        parts += [text[begin : found.start()], _said(found)]
        at += [*range(begin, found.start()), found.start()]
        begin = found.end()
    return Unescaped("".join((*parts, text[begin:end])), [*at, *range(begin, end + 1)])


def _said(found: re.Match[str]) -> str:
    if found["high"]:
        return chr(0x10000 + ((int(found["high"], 16) & 0x3FF) << 10) + (int(found["low"], 16) & 0x3FF))
    if found["unit"]:
        return chr(int(found["unit"], 16))
    return _SIGNS.get(found["sign"].lower(), found["sign"])
