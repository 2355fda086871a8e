"""Compose what is remembered: the index over the read model, and the embedder that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.embedding.hashing import HashingEmbedder
from adapters.embedding.minilm import MiniLm
from adapters.embedding.sentences import SentenceEmbedder
from adapters.postgres.memories import PostgresMemories
from commands.memory.embedding import Embeddings
from commands.memory.memories import Memories
from commands.ports import Dialer, TextEmbedder
from ops.bootstrap.models import http_embedder
from ops.settings import Settings


@asynccontextmanager
async def open_memories(settings: Settings, url: str, dialer: Dialer) -> AsyncIterator[Memories]:
    """Open what is remembered; raise NotPossible where the embedder is wanted but not installed."""
    index = PostgresMemories(url)
    try:
        yield Memories(index, Embeddings(await text_embedder(settings, dialer)))
    finally:
        await index.close()


async def text_embedder(settings: Settings, dialer: Dialer) -> TextEmbedder:
    """Return the embedder that the settings name; raises NotPossible, Invalid and Unavailable."""
    if settings.embedder == "minilm":
        return SentenceEmbedder(MiniLm(Path(settings.data) / "vectors.sqlite"))
    return await http_embedder(settings, dialer, settings.embedder) if ":" in settings.embedder else hashing()


def hashing() -> TextEmbedder:
    """Return the embedder that needs no model."""
    return HashingEmbedder()
