"""Ask what happened in a session, event by event, in words."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from queries.ports import ReadStore
from queries.shapes import grouped, shaped


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Show one event; ``role`` says from whom a message came, ``step`` 0 and ``call`` "" stand for none."""

    position: int
    version: int
    at: datetime
    kind: str
    type: str
    actor: str
    title: str
    detail: str
    step: int = 0
    call: str = ""
    role: str = ""


async def read_timeline(
    store: ReadStore, tenant: str, session: UUID, *, after: int = 0, limit: int = 1_000
) -> list[Entry]:
    """Return a session's timeline behind version ``after``, in order."""
    rows = await store.fetch("timeline", tenant=tenant, session=session, after=after, limit=limit)
    return [shaped(Entry, row) for row in rows]


async def messages_of(
    store: ReadStore, tenant: str, sessions: Sequence[UUID], *, after: int = 0, limit: int = 50
) -> dict[UUID, list[Entry]]:
    """Return of each session at most ``limit`` messages behind version ``after``, in order: entries with a role."""
    values = {"tenant": tenant, "sessions": list(sessions), "after": after, "limit": limit}
    return grouped(Entry, await store.fetch("messages", **values), "session_id", sessions)
