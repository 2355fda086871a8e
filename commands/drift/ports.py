"""Name what the check of a revision needs of the world."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from domain.encoding import Json


class PastCall(msgspec.Struct, frozen=True, kw_only=True):
    """Be a call whose arguments made a request; ``version`` and ``position`` are where it was told of last.

    ``output`` is what it answered where it succeeded: JSON, or a text as a JSON string.
    """

    id: str
    session_id: UUID
    version: int
    position: int
    tool: str
    operation: str
    document: str
    arguments: Json
    status: str
    http_status: int | None = None
    output: Json | None = None


class Past(Protocol):
    """Answer from the read models; raises Unavailable."""

    async def count(self, tenant: str, documents: Sequence[str]) -> int:
        """Count the calls that were requested of operations in these revisions."""
        ...

    async def calls(self, tenant: str, documents: Sequence[str], *, after: str, limit: int) -> list[PastCall]:
        """Return calls by id behind ``after``, with their arguments as they were written."""
        ...

    async def open_sessions(self, tenant: str, *, after: UUID | None, limit: int) -> list[UUID]:
        """Return sessions that have not ended, by id behind ``after``."""
        ...
