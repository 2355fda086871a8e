"""Say how much each word of a question counts for each text: BM25 over weighted fields (Robertson, Zaragoza 2009)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, Sequence[str]]
"""A text's words by the field that they stand in."""

Gains: TypeAlias = Mapping[str, float]
"""What each word of a question adds to a text's score."""

SATURATION = 1.2
LENGTH = 0.75


class Bm25:
    """Index texts once, by their numbers; ``weights`` says how much a word counts in each field."""

    def __init__(self, texts: Sequence[Fields], weights: Mapping[str, float]):
        self.size = len(texts)
        means = {field: _mean([len(text[field]) for text in texts]) for field in weights}
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for number, text in enumerate(texts):
            for word, weight in _weighed(text, weights, means).items():
                self._postings.setdefault(word, []).append((number, weight))

    def gains(self, question: Iterable[str]) -> dict[int, dict[str, float]]:
        """Return the texts that share a word with a question, and what each of these words adds."""
        gains: dict[int, dict[str, float]] = {}
        for word in dict.fromkeys(question):
            postings = self._postings.get(word, [])
            rarity = log(1 + (self.size - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, weight in postings:
                gain = rarity * weight * (SATURATION + 1) / (weight + SATURATION)
                gains.setdefault(number, {})[word] = gain
        return gains


def _weighed(text: Fields, weights: Mapping[str, float], means: Mapping[str, float]) -> dict[str, float]:
    """Return how much each word says of a text, over all its fields; the words of a long field say less."""
    weighed: dict[str, float] = {}
    for field, weight in weights.items():
        length = 1 - LENGTH + LENGTH * len(text[field]) / means[field] if means[field] else 1.0
        for word, times in Counter(text[field]).items():
            weighed[word] = weighed.get(word, 0.0) + weight * times / length
    return weighed


def _mean(lengths: Sequence[int]) -> float:
    return sum(lengths) / len(lengths) if lengths else 0.0
