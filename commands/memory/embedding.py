"""Embed texts through the port, hold what comes to its dimension, and keep a bounded number of vectors."""

from collections.abc import Sequence

from commands.caches import Cache
from commands.ports import TextEmbedder
from domain.encoding import digest
from domain.errors import NotPossible
from domain.memory.events import Embedding
from domain.memory.vectors import embedding, numbers, space

CACHED_EMBEDDINGS = 2_000
AT_ONCE = 64


class Embeddings:
    """Know what texts mean by one embedder; ``cache`` counts how often that was known already."""

    def __init__(self, embedder: TextEmbedder, known_dimension: int = 0):
        self.cache: Cache[str, Embedding] = Cache(CACHED_EMBEDDINGS)
        self._embedder = embedder
        self._dimension = known_dimension or embedder.dimension

    @property
    def name(self) -> str:
        """Name the embedder."""
        return self._embedder.name

    @property
    def family(self) -> str:
        """Return what the names of this embedder's spaces begin with."""
        return space(self._embedder.name, self._embedder.revision, 0)[:-1]

    async def embed(self, tenant: str, texts: Sequence[str]) -> list[Embedding]:
        """Return what texts mean; raises Invalid for vectors of another dimension than before, and Unavailable.

        Each tenant has its own in the cache: how often it hits tells nobody what another tenant asks.
        """
        keys = [digest([tenant, text]) for text in texts]
        known = {key: self.cache.find(key) for key in keys}
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if known[key] is None}
        found = await self._embedder.embed(list(fresh.values())) if fresh else ()
        if len(found) != len(fresh):
            raise NotPossible(f"Expected {len(fresh)} embeddings from {self.name}, but got {len(found)}.")
        for key, vector in zip(fresh, found, strict=True):
            known[key] = self.cache.keep(key, self._held(vector))
        return [each for each in map(known.get, keys) if each is not None]

    def _held(self, vector: Sequence[float]) -> Embedding:
        self._dimension = self._dimension or len(vector)
        return embedding(self._embedder.name, self._embedder.revision, self._dimension, vector)


def place_of(held: Embedding) -> tuple[str, list[float]]:
    """Return in which space a text lies, and where."""
    return space(held.embedder, held.revision, held.dimension), numbers(held)
