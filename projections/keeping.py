"""Name what a runner needs to keep rows: checkpoints, and writes that are all or nothing."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from projections.rows import ReadModel, Rows


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Say up to which position of which log a version of a read model is built."""

    log_id: str
    position: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Be what one read model, standing behind position ``after``, takes from a batch."""

    model: ReadModel
    after: int
    rows: Rows


class ReadModels(Protocol):
    """Keep the rows of read models, each with its checkpoint."""

    async def checkpoints(self) -> dict[tuple[str, int], Checkpoint]:
        """Return the checkpoints of all versions of read models, by name and version."""
        ...

    async def reset(self, model: ReadModel, log_id: str) -> None:
        """Make a read model's tables, empty, to be built from a log from its beginning."""
        ...

    async def write(self, parts: Sequence[Part], position: int) -> None:
        """Write what several read models take from a batch, and their new position, all or nothing.

        Raises Conflict where a read model does not stand at the part's position (another runner was quicker),
        Invalid where the rows themselves cannot be kept, Unavailable.
        """
        ...
