"""Cut texts into the words that are searched for: lower case, split where a name is, without endings and fillers."""

import re
from collections.abc import Iterator
from functools import lru_cache

_JOINTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_PLURALS = (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ss", "ss"), ("us", "us"))
_ENDINGS = ("ing", "ed", "or", "er", "ion", "e")
_SHORTEST_STEM = 4
_FILLER_WORDS = """
    a about also am an and any are as at be been but by can could did do does for from give had has have he her his
    how i if in into is it its just let like made make me my no not of off on or our out over please she so some
    tell than that the their them then there these they this those to up us want was we were what when where which
    while who whom whose why will with would you your
"""
_FILLERS = frozenset(_FILLER_WORDS.split())


def words(text: str) -> list[str]:
    """Return a text's words in order, as stems: ``listOrdersByID`` gives ``list``, ``order`` and ``id``."""
    return [stem(word) for word in split(text) if word not in _FILLERS]


def split(text: str) -> Iterator[str]:
    """Return a text's words in lower case, names in snake or camel case in their parts."""
    return (word.lower() for word in _WORD.findall(_JOINTS.sub(" ", text)))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word without its English ending, so that ``directed``, ``directors`` and ``direct`` meet."""
    word = singular(word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def singular(word: str) -> str:
    """Return an English noun in the singular, as far as its ending tells."""
    if len(word) <= 3:
        return word
    for ending, instead in _PLURALS:
        if word.endswith(ending):
            return word[: -len(ending)] + instead
    return word.removesuffix("s")
