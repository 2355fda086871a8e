"""Order what was found so that all of a question is covered soon.

Of an operation that says again what one before it has said, the words count less; else ten ways to read the same thing
would stand before the one that says the rest.
"""

from collections.abc import Iterable, Mapping

from domain.retrieval.bm25 import Gains

DECAY = 0.8
DEEPEST = 200
"""So many of the best take part; those behind them keep their order."""


def covering(
    gains: Mapping[int, Gains], bonus: Mapping[int, float], factor: Mapping[int, float], most: int
) -> list[int]:
    """Return at most ``most`` numbers, the best first.

    Each is worth its words' gains, those that are covered already decayed, and its bonus, times its factor.
    """
    whole = {
        number: factor[number] * (sum(gains.get(number, {}).values()) + bonus.get(number, 0.0)) for number in factor
    }
    left = best(whole)[:DEEPEST]
    chosen: list[int] = []
    cover: dict[str, float] = {}

    def worth(number: int) -> float:
        fresh = sum(gain * cover.get(word, 1.0) for word, gain in gains.get(number, {}).items())
        return factor[number] * (fresh + bonus.get(number, 0.0))

    while left and len(chosen) < most:
        number = max(left, key=lambda each: (worth(each), whole[each], -each))
        chosen.append(number)
        left.remove(number)
        _cover(cover, gains.get(number, {}))
    return chosen


def best(scores: Mapping[int, float]) -> list[int]:
    """Return numbers by falling score, equal ones in their own order."""
    return sorted(scores, key=lambda number: (-scores[number], number))


def _cover(cover: dict[str, float], gains: Gains) -> None:
    """Note that words were said; the one that counted most is covered most."""
    strongest = max(gains.values(), default=0.0)
    for word, gain in gains.items():
        cover[word] = cover.get(word, 1.0) * (1 - (1 - DECAY) * gain / strongest)


def strongest(values: Iterable[float], most: int) -> float:
    """Return the mean of the highest values; missing ones count as nothing."""
    return sum(sorted(values)[-most:]) / most
