"""Replay a recorded session: fold its events, and decide again from its facts.

*State replay* folds what was recorded. *Execution replay* takes each recorded fact, decides again, and compares the
consequences, envelope included; the first difference is a Difference. Compared are canonical values of the upcast
events, so a stored text that was only written differently (blanks, key order) is no difference.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from domain.encoding import digest, encode, plain
from domain.envelope import Event
from domain.errors import Invalid
from domain.session.events import SessionEvent
from domain.session.evolve import evolve
from domain.session.react import react
from domain.session.state import SCHEMA, Session
from domain.upcasting import Unknown, read_plain, read_session, topic_of


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Be one stored event of a session's stream."""

    version: int
    topic: str
    state: bytes


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Say where replay left the record: ``path`` is a JSON pointer into the stored event; None means absent."""

    session_id: str
    version: int
    event_type: str
    path: str
    recorded: Any
    produced: Any


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a replay found; ``decided`` counts how often decide ran, ``divergences`` has at most one entry.

    ``state_digest`` is empty where the recorded events cannot be folded.
    """

    session_id: str
    events: int
    facts: int
    decided: int
    state_digest: str
    replay_digest: str
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
        event = read_session(row.topic, row.state)
        if not isinstance(event, Unknown):
            state = evolve(state, event.data, event.at)
    return state


def replay(session_id: str, rows: Sequence[Row], *, execute: bool) -> Replay:
    """Replay one session's events, and with ``execute`` decide everything again."""
    recorded = _folded_digest(rows)
    facts = sum(1 for row in rows if _kind(row) == "fact")
    if not execute:
        return _report(session_id, rows, facts, 0, recorded, recorded, None)
    decided, state, difference = _execute(session_id, rows)
    return _report(session_id, rows, facts, decided, recorded, state_digest(state), difference)


def _report(
    session_id: str,
    rows: Sequence[Row],
    facts: int,
    decided: int,
    recorded: str,
    replayed: str,
    difference: Difference | None,
) -> Replay:
    return Replay(
        session_id=session_id,
        events=len(rows),
        facts=facts,
        decided=decided,
        state_digest=recorded,
        replay_digest=replayed,
        divergences=(difference,) if difference else (),
    )


def _folded_digest(rows: Sequence[Row]) -> str:
    try:
        return state_digest(replay_state(rows))
    except msgspec.MsgspecError:
        return ""


class _Kind(msgspec.Struct):
    kind: str = ""


_KIND = msgspec.json.Decoder(_Kind)


def _kind(row: Row) -> str:
    try:
        return _KIND.decode(row.state).kind
    except msgspec.MsgspecError:
        return ""


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Split a stream where its facts stand; what stands before the first fact is a group of its own."""
    group: list[Row] = []
    for row in rows:
        if _kind(row) == "fact" and group:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _execute(session_id: str, rows: Sequence[Row]) -> tuple[int, Session | None, Difference | None]:
    """Decide again from one fact after the other, up to the first difference."""
    state: Session | None = None
    decided, version = 0, 1
    for group in _groups(rows):
        fact = _read_fact(group[0])
        if fact is None:
            extra = _Doc.of_row(group[0])
            return decided, state, extra.difference(session_id, version, "", extra.value, None)
        produced, state = react(state, fact)
        decided += 1
        difference = _compare(session_id, version, group, produced)
        if difference:
            return decided, state, difference
        version += len(group)
    return decided, state, None


def _read_fact(row: Row) -> Event[SessionEvent] | None:
    try:
        event = read_session(row.topic, row.state)
    except msgspec.MsgspecError:
        return None
    return None if isinstance(event, Unknown) or event.kind != "fact" else event


class _Doc(msgspec.Struct, frozen=True):
    """Be one event as plain values, with the type it goes by."""

    type: str
    value: Any

    @classmethod
    def of_row(cls, row: Row) -> "_Doc":
        try:
            return cls(*read_plain(row.topic, row.state))
        except Invalid:
            return cls(row.topic, row.state.decode("utf-8", "replace"))

    @classmethod
    def of_event(cls, event: Event[SessionEvent]) -> "_Doc":
        return cls(topic_of(type(event.data)), plain(event))

    def difference(self, session_id: str, version: int, path: str, recorded: Any, produced: Any) -> Difference:
        return Difference(
            session_id=session_id,
            version=version,
            event_type=self.type,
            path=path,
            recorded=recorded,
            produced=produced,
        )


def _compare(
    session_id: str, version: int, group: Sequence[Row], produced: Sequence[Event[SessionEvent]]
) -> Difference | None:
    same = len(group) == len(produced) and all(
        row.version == version + offset and row.state == encode(event)
        for offset, (row, event) in enumerate(zip(group, produced, strict=True))
    )
    return None if same else _explain(session_id, version, group, produced)


def _explain(
    session_id: str, version: int, group: Sequence[Row], produced: Sequence[Event[SessionEvent]]
) -> Difference | None:
    """Name the first difference of a group: an event too many, one missing, another type, a field, a version."""
    recorded = [_Doc.of_row(row) for row in group]
    expected = [_Doc.of_event(event) for event in produced]
    for offset, (ours, theirs) in enumerate(zip(recorded, expected, strict=False)):
        here = version + offset
        if ours != theirs:
            if recorded[offset + 1 :] == expected[offset:]:
                return ours.difference(session_id, here, "", ours.value, None)
            if recorded[offset:] == expected[offset + 1 :]:
                return theirs.difference(session_id, here, "", None, theirs.value)
            path, was, now = _first_field(ours, theirs)
            return ours.difference(session_id, here, path, was, now)
        if group[offset].version != here:
            return ours.difference(session_id, here, "/version", group[offset].version, here)
    return _length_difference(session_id, version, recorded, expected)


def _length_difference(
    session_id: str, version: int, recorded: Sequence[_Doc], expected: Sequence[_Doc]
) -> Difference | None:
    if len(recorded) > len(expected):
        extra = recorded[len(expected)]
        return extra.difference(session_id, version + len(expected), "", extra.value, None)
    if len(expected) > len(recorded):
        missing = expected[len(recorded)]
        return missing.difference(session_id, version + len(recorded), "", None, missing.value)
    return None


def _first_field(recorded: _Doc, produced: _Doc) -> tuple[str, Any, Any]:
    if recorded.type != produced.type:
        return "/data/type", recorded.type, produced.type
    if isinstance(recorded.value, dict):
        payload = first_difference(recorded.value.get("data"), produced.value["data"], "/data")
        if payload:
            return payload
    return first_difference(recorded.value, produced.value, "") or ("", recorded.value, produced.value)


def first_difference(recorded: Any, produced: Any, path: str) -> tuple[str, Any, Any] | None:
    """Return the JSON pointer and both values of the first difference of two plain values, or None."""
    if isinstance(recorded, dict) and isinstance(produced, dict):
        return _first_of(
            (f"{path}/{key.replace('~', '~0').replace('/', '~1')}", recorded.get(key), produced.get(key))
            for key in sorted(recorded.keys() | produced.keys())
        )
    if isinstance(recorded, list) and isinstance(produced, list):
        return _first_of(
            (f"{path}/{index}", ours, theirs) for index, (ours, theirs) in enumerate(zip_longest(recorded, produced))
        )
    # 1 == True == 1.0 in Python, but not in a log
    same = type(recorded) is type(produced) and recorded == produced and str(recorded) == str(produced)
    return None if same else (path, recorded, produced)


def _first_of(pairs: Iterator[tuple[str, Any, Any]]) -> tuple[str, Any, Any] | None:
    found = (first_difference(recorded, produced, path) for path, recorded, produced in pairs)
    return next((difference for difference in found if difference), None)
