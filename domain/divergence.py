"""Name the first difference between the events that were recorded and those that replay produced.

Compared are the values of the upcast events, so a stored text that was only written differently (blanks, key order) is
no difference, but a value of another type is, and so is a number written in another way: ``1``, ``1.0`` and ``true``
are three values, ``0`` and ``-0`` are two. An object that says a key twice is compared as text.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.changes import first_difference, shown
from domain.encoding import encode
from domain.envelope import Event
from domain.errors import Invalid
from domain.session.events import SessionEvent
from domain.upcasting import read_plain, topic_of


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


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Be one event's values as they were written, with the type it goes by; what cannot be compared so is its text."""

    type: str
    value: Any

    def differs(self, other: "Document") -> bool:
        """Tell whether two events differ by type or by value."""
        return self.type != other.type or self.value != other.value

    def difference(self, session_id: str, version: int, path: str, recorded: Any, produced: Any) -> Difference:
        """Report a difference found in this event."""
        return Difference(
            session_id=session_id,
            version=version,
            event_type=self.type,
            path=path,
            recorded=shown(recorded),
            produced=shown(produced),
        )


def recorded_document(row: Row) -> Document:
    """Return a stored event as it stands."""
    try:
        topic, value = read_plain(row.topic, row.state)
    except Invalid:
        return Document(type=row.topic, value=row.state.decode("utf-8", "replace"))
    return Document(type=topic, value=value)


def produced_document(event: Event[SessionEvent]) -> Document:
    """Return an event that was decided again."""
    return recorded_document(Row(version=0, topic=topic_of(type(event.data)), state=encode(event)))


def explain(
    session_id: str, version: int, group: Sequence[Row], produced: Sequence[Event[SessionEvent]]
) -> Difference | None:
    """Name the first difference of a group that starts at ``version``: an event too many, one missing, or a field."""
    recorded = [recorded_document(row) for row in group]
    expected = [produced_document(event) for event in produced]
    for offset, (ours, theirs) in enumerate(zip(recorded, expected, strict=False)):
        here = version + offset
        if ours.differs(theirs):
            if _same(recorded[offset + 1 :], expected[offset:]):
                return ours.difference(session_id, here, "", ours.value, None)
            if _same(recorded[offset:], expected[offset + 1 :]):
                return theirs.difference(session_id, here, "", None, theirs.value)
            path, was, now = _first_field(ours, theirs)
            return ours.difference(session_id, here, path, was, now)
        if group[offset].version != here:
            return ours.difference(session_id, here, "/version", group[offset].version, here)
    return _one_too_many_or_few(session_id, version, recorded, expected)


def _same(recorded: Sequence[Document], expected: Sequence[Document]) -> bool:
    return len(recorded) == len(expected) and not any(
        ours.differs(theirs) for ours, theirs in zip(recorded, expected, strict=True)
    )


def _one_too_many_or_few(
    session_id: str, version: int, recorded: Sequence[Document], expected: Sequence[Document]
) -> Difference | None:
    if len(recorded) > len(expected):
        extra = recorded[len(expected)]
        return extra.difference(session_id, version + len(expected), "", extra.value, None)
    if len(expected) > len(recorded):
        missing = expected[len(recorded)]
        return missing.difference(session_id, version + len(recorded), "", None, missing.value)
    return None


def _first_field(recorded: Document, produced: Document) -> tuple[str, Any, Any]:
    if recorded.type != produced.type:
        return "/data/type", recorded.type, produced.type
    if isinstance(recorded.value, dict) and isinstance(produced.value, dict):
        payload = first_difference(recorded.value.get("data"), produced.value["data"], "/data")
        if payload:
            return payload
    return first_difference(recorded.value, produced.value) or ("", recorded.value, produced.value)
