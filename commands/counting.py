"""Count what one process keeps because it is costly to make again, and how often that was of use."""

from collections.abc import Mapping
from typing import Any

import msgspec

from commands.caches import Cache
from commands.shell import Shell
from domain.session.templates import rendered


class CacheCount(msgspec.Struct, frozen=True, kw_only=True):
    """Count of one cache how often a thing was there and how often not, and how many are there now of how many."""

    name: str
    hits: int
    misses: int
    entries: int
    most: int


def cache_counts(shell: Shell) -> tuple[CacheCount, ...]:
    """Return the counts of this process's caches since it began."""
    found = [
        CacheCount(name=name, hits=cache.hits, misses=cache.misses, entries=len(cache), most=cache.most)
        for name, cache in _caches(shell).items()
    ]
    filled = rendered.cache_info()
    most = filled.maxsize or 0
    found.append(
        CacheCount(name="templates", hits=filled.hits, misses=filled.misses, entries=filled.currsize, most=most)
    )
    return tuple(found)


def _caches(shell: Shell) -> Mapping[str, Cache[Any, Any]]:
    memories = {"embeddings": shell.memories.embeddings.cache} if shell.memories else {}
    return {**shell.snapshots.caches, **memories}
