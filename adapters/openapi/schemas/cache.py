"""Keep compiled validators, bounded by number and by an estimate of their size: compiled schemas are large."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import msgspec

from adapters.openapi.schemas.conversion import Schema

if TYPE_CHECKING:
    from adapters.openapi.schemas.compiled import Compiled

MOST = 1_024
MOST_BYTES = 128 << 20


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a cache has served; ``bytes`` is an estimate."""

    hits: int
    misses: int
    dropped: int
    kept: int
    bytes: int


class CompiledSchemas:
    """Compile each schema when it is first needed and drop those that were not needed for the longest time."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, tuple[Compiled, int]] = OrderedDict()
        self._bytes = self._hits = self._misses = self._dropped = 0

    def get(self, key: Hashable, schema: Callable[[], Schema]) -> Compiled:
        """Return the validator under a key; ``schema`` makes what it is compiled from, if it has to be."""
        if key in self._kept:
            self._hits += 1
            self._kept.move_to_end(key)
            return self._kept[key][0]
        from adapters.openapi.schemas.compiled import Compiled  # a twentieth of a second that not every verb needs

        self._misses += 1
        made = schema()
        compiled = Compiled(made)
        self._keep(key, compiled, estimate(made))
        return compiled

    @property
    def counts(self) -> Counts:
        """Return what happened since the start, and what is kept now."""
        return Counts(
            hits=self._hits, misses=self._misses, dropped=self._dropped, kept=len(self._kept), bytes=self._bytes
        )

    def _keep(self, key: Hashable, compiled: Compiled, size: int) -> None:
        self._kept[key] = (compiled, size)
        self._bytes += size
        while len(self._kept) > 1 and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= gone
            self._dropped += 1


def estimate(schema: Schema) -> int:
    """Estimate the bytes of a compiled schema: 17 to 24 a character of its text, measured on four real documents."""
    return 4_096 + 24 * len(str(schema))
