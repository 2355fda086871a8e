"""Name what the read side needs of the world: stored events in order, and a place to keep rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

import msgspec


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Be one stored event where it stands: at a position in the log and at a version of its stream."""

    position: int
    stream: UUID
    version: int
    topic: str
    tenant: str
    event_id: UUID
    state: bytes


class Follower(Protocol):
    """Hand out the log's events in order, and wait for more at its end."""

    def follow(self, after: int, *, stream: UUID | None = None) -> AsyncIterator[Sequence[Recorded]]:
        """Yield batches of the events behind a position, of one stream or of all; an empty batch marks time.

        Raises WrongLog when the log is replaced by another while it is followed.
        """
        ...
