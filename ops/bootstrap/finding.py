"""Compose a finder of tools."""

from pathlib import Path

from adapters.embedding.minilm import MiniLm
from commands.finding import Finder
from ops.settings import Settings


def finder(settings: Settings, *, embeddings: bool) -> Finder:
    """Return a finder; with ``embeddings`` it knows meanings too, and keeps them in the data folder.

    Raises NotPossible where they are wanted but not installed.
    """
    return Finder(MiniLm(Path(settings.data) / "vectors.sqlite") if embeddings else None)
