"""Fold look-alikes: a text whose every character is what it looks like in ASCII, of the very same length."""

import unicodedata
from functools import cache

_DASHES = "‐‑‒–—―−﹣－"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""What does not show may stand inside a number without parting it: it counts as a dash."""
_LETTERS = {"\u0130": "I", "\u0131": "i", "\u017f": "s", "\u212a": "K"}
"""What a pattern that takes capitals for small letters takes for those of ASCII too."""


def folded(text: str) -> str:
    """Return a text of the same length in which foreign digits, odd letters, dashes and blanks are those of ASCII."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    table = {ord(sign): "-" for sign in _DASHES + _INVISIBLE} | {ord(sign): plain for sign, plain in _LETTERS.items()}
    for code in range(0x80, 0x20000):
        sign = chr(code)
        match unicodedata.category(sign):
            case "Nd":
                table[code] = str(unicodedata.decimal(sign))
            case "Zs":
                table[code] = " "
            case _ if 0xFF01 <= code <= 0xFF5E and code not in table:
                table[code] = chr(code - 0xFEE0)
    return table
