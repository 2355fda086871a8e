"""Estimate how many tokens a text has, without any model's tokenizer: close enough to keep a budget, and no more.

Words are taken for a token each five letters, digits for one each three, other signs for one each two, and what is not
ASCII for one each two bytes. What a model then counted stands beside the estimate wherever that is shown.
"""

from math import ceil

_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + b" "
_DIGITS = b"0123456789"
_ASCII = bytes(range(128))


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    data = text.encode()
    rest = data.translate(None, _LETTERS)
    signs = rest.translate(None, _DIGITS)
    foreign = signs.translate(None, _ASCII)
    letters, digits = len(data) - len(rest), len(rest) - len(signs)
    return ceil(letters / 5 + digits / 3 + (len(signs) - len(foreign)) / 2 + len(foreign) / 2)
