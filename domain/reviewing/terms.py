"""Cut texts and keys into terms that can be compared, and know which of them mean the same or nothing."""

import re
from functools import lru_cache
from typing import NamedTuple

from domain.retrieval.words import singular, split

Terms = tuple[str, ...]

_TERM = re.compile(r"\[[a-z-]+:\d+\]|[\w.+]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|#?\w+(?:['’]\w+)?")
_ENDLESS = re.compile(r"\S{200,}")
LONGEST_WORD = 200
_SAME = {
    "cost": "price", "priced": "price", "charge": "price", "fee": "price", "payment": "payment",
    "mail": "email", "postal": "zip", "postcode": "zip", "postalcode": "zip", "no": "number", "num": "number",
    "qty": "quantity", "state": "state", "canceled": "cancelled", "telephone": "phone", "colour": "color",
    "identifier": "id", "ids": "id", "avg": "average", "mean": "average", "surname": "last", "town": "city",
    "goe": "go", "doe": "do",
}  # fmt: skip


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


class Term(NamedTuple):
    """Hold a term and where it stands."""

    start: int
    end: int
    text: str


def terms_at(text: str) -> list[Term]:
    """Return the terms of a text with their places; names in snake case are one term each."""
    return [Term(found.start(), found.end(), alike(found[0])) for found in _TERM.finditer(cut(text))]


def cut(text: str) -> str:
    """Return a text of the same length whose words have an end: no value is so long, and none takes long to find."""
    return _ENDLESS.sub(lambda found: found[0][:LONGEST_WORD].ljust(len(found[0])), text)


def terms(text: str) -> Terms:
    """Return the terms of a text."""
    return tuple(term.text for term in terms_at(text))


@lru_cache(maxsize=8_192)
def alike(word: str) -> str:
    """Return a word as it is compared: in lower case, in the singular, without a possessive ending."""
    word = re.sub(r"['’](?:s|t|re|ve|ll)?$", "", word.lower()).removeprefix("#")
    word = singular(word) if word.isalpha() else word
    return _SAME.get(word, word)


def is_short(word: str) -> bool:
    """Tell whether a term is too short to be a name; ``w1`` is not, for it is hardly a word."""
    return len(word) < 3 and not (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))


@lru_cache(maxsize=8_192)
def key_terms(key: str) -> Terms:
    """Return the terms of a key: ``trackingIds`` and ``tracking_id`` are ``tracking`` and ``id``."""
    found = tuple(alike(word) for word in split(key.replace("e-mail", "email")))
    return tuple(word for word in found if len(word) > 1) or found  # a single letter is a unit, as in ``high_c``


MONEY = word_set("price amount total subtotal balance revenue sum refund")
"""What a sum of money can be called."""
