"""Score memories for a question: how alike they are, how much of the question they hold, how new they are.

The score is 60 parts the cosine between both meanings, 25 parts the share of the question's words that the memory has,
and 15 parts its newness, halved with every 30 days; in thousandths. It is taken of those memories that are closest in
meaning, and what they score is recorded, so other weights change no session that was recorded.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from domain.retrieval.words import words

ALIKE, HELD, NEW = 600, 250, 150
HALF_LIFE_DAYS = 30
_DAY_SECONDS = 86_400


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a memory's score and what it is made of, each in thousandths."""

    score: int
    similarity: int
    relevance: int
    recency: int


def score(similarity: float, text: str, asked: Collection[str], at: datetime, now: datetime) -> Score:
    """Score a memory of this text and time for a question of these words, see ``words_of``."""
    held = set(words(text))
    alike = min(1.0, max(0.0, similarity))
    relevant = sum(word in held for word in asked) / len(asked) if asked else 0.0
    new = 0.5 ** (max(0.0, (now - at).total_seconds()) / _DAY_SECONDS / HALF_LIFE_DAYS)
    return Score(
        score=round(ALIKE * alike + HELD * relevant + NEW * new),
        similarity=round(1_000 * alike),
        relevance=round(1_000 * relevant),
        recency=round(1_000 * new),
    )


def words_of(question: str) -> frozenset[str]:
    """Return the words of a question, each once."""
    return frozenset(words(question))
