"""Show events to the outside: where they stand, what they say in words, and the stored JSON itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import Invalid
from domain.upcasting import Unknown, read
from projections.foreign import json_of
from projections.ports import Recorded
from projections.timeline import TimelineRow, changes
from queries.ports import ReadStore
from queries.shapes import shaped


class EventShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show one event; ``step`` 0, ``call`` "" and ``role`` "" stand for none, ``role`` says from whom a message came.

    An event whose type this code does not know has that type as its title; ``at`` is None where it says no time.
    """

    session_id: UUID
    position: int
    version: int
    type: str
    title: str
    event: Json
    kind: str = ""
    at: datetime | None = None
    actor: str = ""
    detail: str = ""
    step: int = 0
    call: str = ""
    role: str = ""


PAGE_BYTES = 1 << 20
"""Bounds what is read of one session at a time; a single event always fits."""


async def events_of(
    store: ReadStore, tenant: str, sessions: Sequence[UUID], *, after: int = 0, limit: int = 50
) -> dict[UUID, list[EventShown]]:
    """Return of each session at most ``limit`` events behind position ``after``, in order, as the log has them.

    Less where these would have more than `PAGE_BYTES`: a session has no more events only where none are returned.
    """
    values = {"tenant": tenant, "sessions": list(sessions), "after": after, "limit": limit, "size": PAGE_BYTES}
    rows = await store.fetch("events", **values)
    found: dict[UUID, list[EventShown]] = {session: [] for session in sessions}
    for row in rows:
        found[row["stream"]].append(show_event(shaped(Recorded, row)))
    return found


def show_event(row: Recorded) -> EventShown:
    """Show a stored event, of whatever type and in whatever form."""
    told = _told(row)
    said = msgspec.structs.asdict(told) if told else _in_short(row)
    return shaped(EventShown, {**said, "event": json_of(msgspec.Raw(row.state))})


_UNREADABLE = (msgspec.DecodeError, Invalid, UnicodeDecodeError, RecursionError)


def _told(row: Recorded) -> TimelineRow | None:
    """Return what the timeline says of an event; None where it says nothing."""
    try:
        event = read(row.topic, row.state)
    except _UNREADABLE:
        return None
    return None if isinstance(event, Unknown) else next(iter(changes(event, row)), None)


class _Actor(msgspec.Struct):
    id: str = ""


class _Envelope(msgspec.Struct):
    kind: str = ""
    at: datetime | None = None
    actor: _Actor = msgspec.field(default_factory=_Actor)


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def _in_short(row: Recorded) -> dict[str, Any]:
    """Say of an event without words what its envelope says, as far as it has one."""
    try:
        envelope = _ENVELOPE.decode(row.state)
    except _UNREADABLE:
        envelope = _Envelope()
    return {
        "session_id": row.stream,
        "position": row.position,
        "version": row.version,
        "type": row.topic,
        "title": row.topic,
        "kind": envelope.kind,
        "at": envelope.at,
        "actor": envelope.actor.id,
    }
