"""Replay sessions as they stand in the log, each on the catalogue that it pinned."""

import asyncio
from uuid import UUID

import msgspec

from commands.ports import EventStore
from domain.catalog.state import Snapshot
from domain.errors import Divergence, NotFound
from domain.replay import Replay, Row, goal_of, replay


async def read_rows(store: EventStore, session: UUID) -> list[Row]:
    """Return a session's events; raise NotFound where there are none."""
    rows = await store.read_stream(session)
    if not rows:
        raise NotFound(f"Expected a session that exists, but nothing is recorded under {session}.")
    return [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in rows]


async def replay_session(store: EventStore, session: UUID, *, execute: bool) -> Replay:
    """Replay one session from the log; raise NotFound where nothing is recorded."""
    rows = await read_rows(store, session)
    catalog = await _pinned(store, rows) if execute else None
    # Deciding a long session again takes a while, and others are served meanwhile.
    return await asyncio.to_thread(replay, str(session), rows, execute=execute, catalog=catalog)


async def _pinned(store: EventStore, rows: list[Row]) -> Snapshot | None:
    """Return the catalogue that a session pinned; None where it is not stored whole, which the replay then says."""
    goal = goal_of(rows)
    if goal is None:
        return None
    try:
        return msgspec.json.decode(await store.get_blob(goal.tenant, goal.catalog), type=Snapshot)
    except (NotFound, Divergence, msgspec.MsgspecError):
        return None
