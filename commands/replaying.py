"""Replay sessions as they stand in the log, each on the catalogue that it pinned."""

import asyncio
from uuid import UUID

import msgspec

from commands.ports import EventStore
from commands.snapshots import Snapshots
from domain.catalog.state import Snapshot
from domain.changes import Change, changes
from domain.errors import Divergence, NotFound
from domain.replay import Replay, Row, goal_of, migrations_of, replay, replay_to, state_digest
from domain.session.state import SCHEMA, Session


class StateAt(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a session's state at a version, the SHA-256 of its canonical form, and what that version changed in it."""

    version: int
    schema: str
    digest: str
    state: Session | None
    changes: tuple[Change, ...]


async def read_rows(store: EventStore, session: UUID) -> list[Row]:
    """Return a session's events; raise NotFound where there are none, or only those of something else."""
    rows = await store.read_stream(session)
    if not any(row.topic.startswith("session.") for row in rows):
        raise NotFound(f"Expected a session that exists, but nothing is recorded under {session}.")
    return [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in rows]


async def replay_session(store: EventStore, session: UUID, *, execute: bool) -> Replay:
    """Replay one session from the log; raise NotFound where nothing is recorded."""
    rows = await read_rows(store, session)
    snapshots = await pinned_snapshots(store, rows) if execute else []
    catalog, later = (snapshots[0][1] if snapshots else None), {key: held for key, held in snapshots[1:] if held}
    # Deciding a long session again takes a while, and others are served meanwhile.
    return await asyncio.to_thread(replay, str(session), rows, execute=execute, catalog=catalog, later=later)


async def state_at(store: EventStore, session: UUID, version: int | None = None) -> StateAt:
    """Fold a session's events up to a version, the newest where none is named; raise NotFound."""
    rows = await read_rows(store, session)
    newest = rows[-1].version
    wanted = newest if version is None else version
    if not 1 <= wanted <= newest:
        raise NotFound(f"Expected a version from 1 to {newest}, but got {wanted}.")
    return await asyncio.to_thread(_state_at, rows, wanted)


def _state_at(rows: list[Row], version: int) -> StateAt:
    before, state = replay_to(rows, version)
    return StateAt(
        version=version,
        schema=SCHEMA,
        digest=state_digest(state),
        state=state,
        changes=changes(before, state),
    )


async def pinned_snapshots(store: EventStore, rows: list[Row]) -> list[tuple[str, Snapshot | None]]:
    """Return the catalogue that a session pinned, then those that it migrated to, by digest."""
    goal = goal_of(rows)
    if goal is None:
        return []
    digests = [goal.catalog, *(migration.catalog for migration in migrations_of(rows))]
    snapshots = Snapshots(store)
    return [(digest, await _stored(snapshots, goal.tenant, digest)) for digest in digests]


async def _stored(snapshots: Snapshots, tenant: str, digest: str) -> Snapshot | None:
    """Return a snapshot; None where it is not stored whole, which the replay then says."""
    try:
        return await snapshots.load(tenant, digest)
    except (NotFound, Divergence, msgspec.MsgspecError):
        return None
