"""Name what finds memories within the confines of who asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.memory.events import MemoryKind


class Confines(msgspec.Struct, frozen=True, kw_only=True):
    """Say among which memories to look: always of one tenant, and of those that ``user`` may know.

    A user may know what is his own and what is the tenant's. What is left empty confines nothing further; ``source`` is
    one of a label's, ``own`` leaves out what is the tenant's, ``by_people`` what has passed through a model.
    """

    tenant: str
    user: str
    kinds: Sequence[MemoryKind] = ()
    subject: str = ""
    session: str = ""
    source: str = ""
    trusted: bool | None = None
    private: bool | None = None
    own: bool = False
    by_people: bool = False


class StoredMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Be a memory as it is read; ``similarity`` is the cosine to what was asked, 0 where nothing was."""

    id: str
    user_id: str
    kind: MemoryKind
    subject: str
    text: str
    trusted: bool
    private: bool
    sources: Sequence[str]
    session_id: str
    step: int
    created_at: datetime
    similarity: float = 0.0


class MemoryIndex(Protocol):
    """Find memories in the read model; raises NotPossible where its Postgres has no pgvector, and Unavailable."""

    async def check(self) -> None:
        """Raise NotPossible where vectors cannot be searched."""
        ...

    async def nearest(
        self, confines: Confines, space: str, vector: Sequence[float], most: int
    ) -> Sequence[StoredMemory]:
        """Return the memories closest to a vector of a space, the closest first."""
        ...

    async def newest(
        self, confines: Confines, before: tuple[datetime, str] | None, most: int
    ) -> Sequence[StoredMemory]:
        """Return memories, the newest first, those behind one of a time and an id where it is named."""
        ...

    async def spaces(self, tenant: str) -> Mapping[str, int]:
        """Count a tenant's vectors by the space in which they lie, and under "" the memories."""
        ...

    async def unembedded(self, tenant: str, space: str, after: str, most: int) -> Sequence[tuple[str, str]]:
        """Return ids and texts of a tenant's memories behind an id that have no vector in a space."""
        ...
