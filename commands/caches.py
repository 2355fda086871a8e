"""Keep what is costly to make again, a bounded number, the longest unused given up first."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Cache(Generic[Key, Kept]):
    """Keep at most so many values, and count how often one was there and how often not."""

    def __init__(self, most: int) -> None:
        self.hits = self.misses = 0
        self.most = most
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def __len__(self) -> int:
        """Count the values."""
        return len(self._kept)

    def find(self, key: Key) -> Kept | None:
        """Return what is kept under a key, and count whether it was there."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, value: Kept) -> Kept:
        """Keep a value, and return it."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return value
