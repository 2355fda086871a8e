"""Say what a suite is, and find its data."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from domain.errors import Invalid
from ops.settings import Settings

EVAL_DATA = "REPRISE_EVAL_DATA"

Progress: TypeAlias = Callable[[int, int], None]
Figures: TypeAlias = Mapping[str, object]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a suite is to be run: on the data in a folder, by words alone or with ``embeddings``."""

    settings: Settings
    data: Path | None
    embeddings: bool
    progress: Progress


class Suite(NamedTuple):
    """Describe a suite; ``source`` says where its data is from, and is empty where it is shipped."""

    name: str
    words: str
    source: str
    run: Callable[[Wanted], Awaitable[Figures]]


def data_of(suite: Suite, given: str | None) -> Path | None:
    """Return the folder of a suite's data; raise Invalid where it needs one that is not there."""
    if not suite.source:
        return None
    root = os.environ.get(EVAL_DATA, "")
    folder = Path(given) if given else Path(root) / suite.name if root else None
    if folder and folder.is_dir():
        return folder
    place = f"in {folder}, but there is no such folder" if folder else "but nothing says where it is"
    raise Invalid(
        f"Expected the data of {suite.name} {place}: get it from {suite.source}, then name its folder by --data, or "
        f"the folder of all data by {EVAL_DATA}."
    )
