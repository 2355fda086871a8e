"""Ask what happened in a session, event by event, in words."""

from datetime import datetime
from uuid import UUID

import msgspec

from queries.ports import ReadStore
from queries.shapes import shaped


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
