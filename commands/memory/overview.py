"""Say how a tenant's memory stands: how much there is, by which embedders, and what this process keeps of it."""

import msgspec

from commands.counting import CacheCount, cache_counts
from commands.shell import Shell


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """Count the memories that have a vector in a space; ``searched`` is the space of the configured embedder."""

    name: str
    vectors: int
    searched: bool


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Hold how many memories a tenant has, whosever they are, in which spaces, and this process's caches."""

    memories: int
    embedder: str
    spaces: tuple[Space, ...]
    caches: tuple[CacheCount, ...]


async def overview(shell: Shell, tenant: str) -> Overview:
    """Return how a tenant's memory stands; raises Unavailable, and NotPossible where this process has none."""
    counted = dict(await shell.memory.index.spaces(tenant))
    memories, family = counted.pop("", 0), shell.memory.embeddings.family
    spaces = [
        Space(name=name, vectors=vectors, searched=name.startswith(family)) for name, vectors in sorted(counted.items())
    ]
    return Overview(
        memories=memories,
        embedder=shell.memory.embeddings.name,
        spaces=tuple(spaces),
        caches=cache_counts(shell),
    )
