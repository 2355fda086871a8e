"""Replay a recorded session: fold its events, and decide again from its facts.

*State replay* folds what was recorded. *Execution replay* takes each recorded fact, derives again what in it follows
from the record (domain/session/derived.py), decides again, and compares the consequences, envelope included
(domain/divergence.py); the first difference ends it. Neither ever raises: a session that cannot be read or decided
again is itself a finding, and must not keep the others from being replayed.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import get_args

import msgspec

from domain.catalog.state import Snapshot
from domain.divergence import Difference, Row, explain, recorded_document
from domain.encoding import digest, encode, plain
from domain.envelope import Event
from domain.session.derived import Derived
from domain.session.events import CatalogMigrated, Fact, GoalSubmitted, SessionConsequence, SessionEvent, SessionFact
from domain.session.evolve import evolve
from domain.session.react import Group, react
from domain.session.state import SCHEMA, Session
from domain.upcasting import Unknown, read_session, topic_of

__all__ = [
    "Difference",
    "Replay",
    "Row",
    "goal_of",
    "migrations_of",
    "replay",
    "replay_state",
    "replay_to",
    "state_digest",
]

NO_OTHERS: Mapping[str, Snapshot] = MappingProxyType({})
FACTS = frozenset(topic_of(data_type) for data_type in get_args(SessionFact))
CONSEQUENCES = frozenset(topic_of(data_type) for data_type in get_args(SessionConsequence))


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a replay found; ``decided`` counts how often decide ran, ``divergences`` has at most one entry.

    ``state_digest`` is empty where the recorded events cannot be folded, ``replay_digest`` without an execution.
    ``unchecked`` counts the replies whose prompts could not be built again, because execution replay was not given the
    catalogue that the session pinned.
    """

    session_id: str
    events: int
    facts: int
    decided: int
    state_digest: str
    replay_digest: str
    unchecked: int
    divergences: tuple[Difference, ...]


def state_digest(state: Session | None) -> str:
    """Return the SHA-256 of a state's canonical form, which names its schema."""
    return digest({"schema": SCHEMA, "state": plain(state)})


def replay_state(rows: Sequence[Row], at: int | None = None) -> Session | None:
    """Fold the recorded events up to version ``at``; raise msgspec.ValidationError on bytes that are no event."""
    state: Session | None = None
    for row in rows:
        if at is not None and row.version > at:
            break
        state = _apply(state, row)
    return state


def replay_to(rows: Sequence[Row], version: int) -> tuple[Session | None, Session | None]:
    """Fold the recorded events, and return the states before and at a version; raise as replay_state does."""
    before = replay_state(rows, version - 1)
    state = before
    for row in rows:
        if row.version == version:
            state = _apply(state, row)
    return before, state


def _apply(state: Session | None, row: Row) -> Session | None:
    event = read_session(row.topic, row.state)
    return state if isinstance(event, Unknown) else evolve(state, event.data, event.at)


def goal_of(rows: Sequence[Row]) -> GoalSubmitted | None:
    """Return the goal that a session began with, which names all it pinned; None where that cannot be read."""
    try:
        first = read_session(rows[0].topic, rows[0].state)
    except Exception:  # whatever it is, the replay names it
        return None
    return first.data if isinstance(first, Event) and isinstance(first.data, GoalSubmitted) else None


def migrations_of(rows: Sequence[Row]) -> list[CatalogMigrated]:
    """Return the facts by which a session went over to other snapshots, as far as they can be read."""
    found = []
    for row in rows:
        if row.topic == topic_of(CatalogMigrated):
            try:
                event = read_session(row.topic, row.state)
            except Exception:  # whatever it is, the replay names it
                continue
            if isinstance(event, Event) and isinstance(event.data, CatalogMigrated):
                found.append(event.data)
    return found


def replay(
    session_id: str,
    rows: Sequence[Row],
    *,
    execute: bool,
    catalog: Snapshot | None = None,
    later: Mapping[str, Snapshot] = NO_OTHERS,
) -> Replay:
    """Replay one session's events, and with ``execute`` decide everything again, on the catalogue that it pinned.

    ``later`` are the snapshots that it migrated to, by digest.
    """
    recorded, difference = _fold(session_id, rows)
    goal = goal_of(rows)
    pinned = {goal.catalog: catalog} if goal and catalog else {}
    decided, replayed, derived = 0, "", Derived({**later, **pinned})
    if execute:
        decided, replayed, found = _execute(session_id, rows, derived)
        difference = found or difference
    return Replay(
        session_id=session_id,
        events=len(rows),
        facts=sum(1 for row in rows if _starts_group(row)),
        decided=decided,
        state_digest=recorded,
        replay_digest=replayed,
        unchecked=derived.unchecked,
        divergences=(difference,) if difference else (),
    )


def _fold(session_id: str, rows: Sequence[Row]) -> tuple[str, Difference | None]:
    """Return the digest of the recorded state, or an empty one and the event that cannot be folded."""
    state: Session | None = None
    row = Row(version=0, topic="", state=b"")
    try:
        for row in rows:
            state = _apply(state, row)
        return state_digest(state), None
    except Exception as fault:
        return "", _unusable(session_id, row.version, row, fault)


def _unusable(session_id: str, version: int, row: Row, fault: Exception) -> Difference:
    """Report an event that cannot be used, with the reason in the place of what replay produced."""
    event = recorded_document(row)
    return event.difference(session_id, version, "", event.value, f"{type(fault).__name__}: {fault}")


def _starts_group(row: Row) -> bool:
    """Tell whether a row is a fact: by its topic where that is known, else by its envelope."""
    return row.topic in FACTS or (row.topic not in CONSEQUENCES and _kind(row) == "fact")


class _Kind(msgspec.Struct):
    kind: str = ""


_KIND = msgspec.json.Decoder(_Kind)


def _kind(row: Row) -> str:
    try:
        return _KIND.decode(row.state).kind
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Split a stream where its facts stand; what stands before the first fact is a group of its own."""
    group: list[Row] = []
    for row in rows:
        if group and _starts_group(row):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _execute(session_id: str, rows: Sequence[Row], derived: Derived) -> tuple[int, str, Difference | None]:
    """Decide again from one fact after the other, up to the first difference."""
    state: Session | None = None
    decided, version = 0, 1
    for group in _groups(rows):
        try:
            fact = _read_fact(group[0], derived)
            if fact is None:
                extra = recorded_document(group[0])
                return decided, state_digest(state), extra.difference(session_id, version, "", extra.value, None)
            produced, after = react(state, fact)
            derived.note(produced, after)
            difference = _compare(session_id, version, group, produced)
        except Exception as fault:
            return decided, state_digest(state), _unusable(session_id, version, group[0], fault)
        decided, state, version = decided + 1, after, version + len(group)
        if difference:
            return decided, state_digest(state), difference
    return decided, state_digest(state), None


def _read_fact(row: Row, derived: Derived) -> Event[SessionEvent] | None:
    event = read_session(row.topic, row.state)
    if isinstance(event, Unknown) or not isinstance(event.data, Fact):
        return None
    return derived.fact(event)


def _compare(session_id: str, version: int, group: Sequence[Row], produced: Group) -> Difference | None:
    same = len(group) == len(produced) and all(
        row.version == version + offset and row.state == encode(event) and row.topic == topic_of(type(event.data))
        for offset, (row, event) in enumerate(zip(group, produced, strict=True))
    )
    return None if same else explain(session_id, version, group, produced)
