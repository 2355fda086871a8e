"""Name what wakes workers, and what tells them which sessions wait."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class Wakeups(Protocol):
    """Hint to the workers that a session owes something; losing or doubling a hint costs time, never truth."""

    async def wake(self, session: UUID, lane: str) -> None:
        """Hint that a session owes work; never raises, for a hint may be lost."""
        ...


class DueSession(msgspec.Struct, frozen=True, kw_only=True):
    """Name a session that owes work since ``due_at``."""

    session: UUID
    tenant: str
    lane: str
    due_at: datetime


class OpenWork(Protocol):
    """Answer from the read model which sessions owe something by now."""

    async def due(self, before: datetime, limit: int) -> list[DueSession]:
        """Return sessions with work due before a time, the longest due first."""
        ...
