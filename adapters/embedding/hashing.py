"""Embed texts without any model: their words and parts of words, hashed to places of a vector, with a sign each.

It knows no synonyms, but costs nothing, needs nothing, and says the same on every machine. Words count more than their
parts, which let other forms of a word and slips of the pen meet. Source: Weinberger et al., Feature Hashing (2009).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise

from domain.retrieval.words import words

DIMENSION = 384
PART = 4
WORD_WEIGHT, PAIR_WEIGHT, PART_WEIGHT = 1.0, 0.4, 0.35


class HashingEmbedder:
    """Implement the TextEmbedder port in plain Python, a text of 100 words in about a millisecond."""

    name = "hashing"
    revision = "1"
    dimension = DIMENSION

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of length 1 for each text."""
        return [hashed(text) for text in texts]


def hashed(text: str) -> list[float]:
    """Return a text's vector; one without words has a fixed direction of its own."""
    vector = [0.0] * DIMENSION
    for feature, weight in (Counter(_features(text)) or Counter({("", 1.0): 1})).items():
        place, sign = _place(feature[0])
        vector[place] += sign * feature[1] * (1 + math.log(weight))
    length = math.sqrt(sum(each * each for each in vector)) or 1.0
    return [each / length for each in vector]


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Return the words of a text, those that follow one another, and their parts, each with its weight."""
    known = words(text) or text.split()
    for word in known:
        yield word, WORD_WEIGHT
        marked = f"^{word}$"
        parts = max(1, len(marked) - PART + 1)
        for start in range(parts):
            # The parts of a long word together weigh no more than those of a short one.
            yield f"#{marked[start : start + PART]}", PART_WEIGHT / math.sqrt(parts)
    for first, second in pairwise(known):
        yield f"{first} {second}", PAIR_WEIGHT


def _place(feature: str) -> tuple[int, float]:
    number = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return (number >> 1) % DIMENSION, 1.0 if number & 1 else -1.0
