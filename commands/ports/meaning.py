"""Name what turns texts into vectors."""

from collections.abc import Sequence
from typing import Protocol


class Meanings(Protocol):
    """Know what some texts mean."""

    def closeness(self, text: str) -> Sequence[float]:
        """Return for each of the texts how close its meaning is to another's, at most 1."""
        ...


class Embedder(Protocol):
    """Learn what texts mean."""

    @property
    def name(self) -> str:
        """Name the model; what is found says that it was found by it."""
        ...

    def learn(self, texts: Sequence[str]) -> None:
        """Learn what some texts mean, and remember it; it may take long, and is called from threads."""
        ...

    def meanings(self, texts: Sequence[str]) -> Meanings:
        """Return what texts mean that were learned before."""
        ...


class TextEmbedder(Protocol):
    """Turn texts into vectors, all of one space: the closer two meanings, the larger the sum of their products."""

    @property
    def name(self) -> str:
        """Name the model."""
        ...

    @property
    def revision(self) -> str:
        """Tell apart what embeds otherwise under the same name."""
        ...

    @property
    def dimension(self) -> int:
        """Return how many numbers a vector has, 0 while that is not known yet."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector for each text; raises Invalid, Unavailable."""
        ...
