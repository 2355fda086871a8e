"""Write vectors down and read them again, bit by bit the same on every machine."""

import math
import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence

from domain.errors import Invalid
from domain.memory.events import Embedding

MOST_NUMBERS = 16_000
"""As many as pgvector keeps in one value: a longer one could be recorded, and never be found."""
_TOO_LARGE = 2.0**127


def embedding(embedder: str, revision: str, dimension: int, vector: Sequence[float]) -> Embedding:
    """Hold a vector as it is recorded; raise Invalid for one of another dimension, or that is no direction."""
    if len(vector) != dimension:
        raise Invalid(
            f"Expected embeddings of {dimension} numbers from {embedder}, but got {len(vector)}: it is another model "
            "than before. Set REPRISE_EMBEDDER to the one that it was, or name the new one by a name of its own."
        )
    if dimension > MOST_NUMBERS:
        raise Invalid(f"Expected embeddings of at most {MOST_NUMBERS} numbers, but {embedder} gives {dimension}.")
    if not all(math.isfinite(each) and abs(each) < _TOO_LARGE for each in vector):
        raise Invalid(f"Expected an embedding of finite numbers that four bytes hold, but {embedder} gave another.")
    written = struct.pack(f"<{dimension}f", *vector)
    if not any(struct.unpack(f"<{dimension}f", written)):  # the smallest numbers are none in four bytes
        raise Invalid(f"Expected an embedding of numbers that are not all zero, but {embedder} gave another.")
    return Embedding(embedder=embedder, revision=revision, dimension=dimension, vector=b64encode(written).decode())


def numbers(held: Embedding) -> list[float]:
    """Return a recorded vector; raise Invalid where it has not the dimension that it names."""
    data = b64decode(held.vector)
    if len(data) != 4 * held.dimension:
        raise Invalid(f"Expected {held.dimension} numbers of four bytes, but there are {len(data)} bytes.")
    return list(struct.unpack(f"<{held.dimension}f", data))


def space(embedder: str, revision: str, dimension: int) -> str:
    """Name the space that a vector lies in: only within one can vectors be held against each other."""
    return f"{embedder}/{revision}/{dimension}"
