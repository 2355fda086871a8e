"""Name what the read side is fed with: the log's events, in order."""

from collections.abc import AsyncGenerator, Sequence
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

    async def log_id(self) -> str:
        """Return the id of the log that is followed."""
        ...

    def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Yield batches of the events behind a position; an empty batch marks time.

        Raises WrongLog when the log is replaced by another while it is followed.
        """
        ...
