"""Write vectors down and read them again, bit by bit the same on every machine."""

import math
import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence

from domain.errors import Invalid
from domain.memory.events import Embedding


def embedding(embedder: str, revision: str, dimension: int, vector: Sequence[float]) -> Embedding:
    """Hold a vector as it is recorded; raise Invalid for one of another dimension, or that is no direction."""
    if len(vector) != dimension:
        raise Invalid(
            f"Expected embeddings of {dimension} numbers from {embedder}, but got {len(vector)}: it is another model "
            "than before. Set REPRISE_EMBEDDER to the one that it was, or name the new one by a name of its own."
        )
    if not all(map(math.isfinite, vector)) or not any(vector):
        raise Invalid(f"Expected an embedding of finite numbers, not all zero, but {embedder} gave another.")
    written = b64encode(struct.pack(f"<{dimension}f", *vector)).decode()
    return Embedding(embedder=embedder, revision=revision, dimension=dimension, vector=written)


def numbers(held: Embedding) -> list[float]:
    """Return a recorded vector; raise Invalid where it has not the dimension that it names."""
    data = b64decode(held.vector)
    if len(data) != 4 * held.dimension:
        raise Invalid(f"Expected {held.dimension} numbers of four bytes, but there are {len(data)} bytes.")
    return list(struct.unpack(f"<{held.dimension}f", data))


def space(embedder: str, revision: str, dimension: int) -> str:
    """Name the space that a vector lies in: only within one can vectors be held against each other."""
    return f"{embedder}/{revision}/{dimension}"
