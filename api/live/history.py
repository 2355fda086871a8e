"""Name what live streams read the past from."""

from typing import Protocol
from uuid import UUID

from projections.ports import Recorded


class History(Protocol):
    """Read the log from Postgres; raises Unavailable."""

    async def read_session(self, session: UUID, after: int, events: int, size: int) -> list[Recorded]:
        """Read a session's events behind a position, in order: at most so many, none once they have ``size`` bytes."""
        ...

    async def read_tenant(self, tenant: str, after: int, until: int, size: int) -> list[Recorded]:
        """Read events of a tenant's sessions behind a position up to another, none once there are ``size`` bytes."""
        ...

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        ...

    async def log_id(self) -> str:
        """Return the log's random id."""
        ...
