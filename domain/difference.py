"""Name the first difference between the events that were recorded and those that replay produced.

Compared are canonical values of the upcast events, so a stored text that was only written differently (blanks, key
order) is no difference, but a value of another type is: ``1``, ``1.0`` and ``true`` are three values.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from domain.encoding import canonical, plain
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
    """Be one event as plain values, with the type it goes by; what is no JSON is its text."""

    type: str
    value: Any

    def differs(self, other: "Document") -> bool:
        """Tell whether two events differ by type or by canonical bytes."""
        return self.type != other.type or canonical(self.value) != canonical(other.value)

    def difference(self, session_id: str, version: int, path: str, recorded: Any, produced: Any) -> Difference:
        """Report a difference found in this event."""
        return Difference(
            session_id=session_id,
            version=version,
            event_type=self.type,
            path=path,
            recorded=recorded,
            produced=produced,
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
    return Document(type=topic_of(type(event.data)), value=plain(event))


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
    if isinstance(recorded.value, dict):
        payload = first_difference(recorded.value.get("data"), produced.value["data"], "/data")
        if payload:
            return payload
    return first_difference(recorded.value, produced.value) or ("", recorded.value, produced.value)


_ABSENT = object()


def first_difference(recorded: Any, produced: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Return the JSON pointer and both values of the first difference of two plain values, or None."""
    if isinstance(recorded, dict) and isinstance(produced, dict):
        return _first_of(
            (f"{path}/{_pointer(key)}", recorded.get(key, _ABSENT), produced.get(key, _ABSENT))
            for key in sorted(recorded.keys() | produced.keys())
        )
    if isinstance(recorded, list) and isinstance(produced, list):
        pairs = enumerate(zip_longest(recorded, produced, fillvalue=_ABSENT))
        return _first_of((f"{path}/{index}", ours, theirs) for index, (ours, theirs) in pairs)
    # 1 == True == 1.0 in Python, but not in a log
    if type(recorded) is type(produced) and recorded == produced and str(recorded) == str(produced):
        return None
    return path, _or_none(recorded), _or_none(produced)


def _first_of(pairs: Iterator[tuple[str, Any, Any]]) -> tuple[str, Any, Any] | None:
    found = (first_difference(recorded, produced, path) for path, recorded, produced in pairs)
    return next((difference for difference in found if difference), None)


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _or_none(value: Any) -> Any:
    return None if value is _ABSENT else value
