"""Read stored events of every version that was ever written; an unknown topic is carried, never an error.

Stored bytes are never changed. When an event's meaning changes it gets a new version, its struct replaces the old
one in the vocabulary, and an upcast from the old topic is added here.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from domain.catalog.events import CATALOG_EVENTS, CatalogEvent
from domain.encoding import encode, parse, parse_written
from domain.envelope import Event
from domain.errors import Invalid
from domain.session.events import SESSION_EVENTS, SessionEvent

AnyEvent: TypeAlias = SessionEvent | CatalogEvent
Upcast: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[str, Upcast] = {}
"""Old topic -> a function from the old ``data`` to the ``data`` of the next version, its ``type`` included."""


def topic_of(data_type: type[AnyEvent]) -> str:
    """Return the topic under which events with this data are stored."""
    return str(data_type.__struct_config__.tag)


_SESSION_TOPICS = frozenset(map(topic_of, SESSION_EVENTS))
KNOWN_TOPICS = _SESSION_TOPICS | frozenset(map(topic_of, CATALOG_EVENTS))

_SESSION = msgspec.json.Decoder(Event[SessionEvent])
_CATALOG = msgspec.json.Decoder(Event[CatalogEvent])


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Carry an event of a type this code does not know, written by a newer or another version."""

    topic: str
    state: bytes


def read(topic: str, state: bytes) -> Event[AnyEvent] | Unknown:
    """Decode one stored event, upcast to the present vocabulary; raise msgspec.ValidationError on broken bytes.

    Data of an old type that has not the form of that type raises Invalid.
    """
    if topic not in KNOWN_TOPICS:
        if topic not in UPCASTS:
            return Unknown(topic=topic, state=state)
        topic, state = _upcast(topic, state)
    decoder: msgspec.json.Decoder[Any] = _SESSION if topic.startswith("session.") else _CATALOG
    event: Event[AnyEvent] = decoder.decode(state)
    return event


def read_session(topic: str, state: bytes) -> Event[SessionEvent] | Unknown:
    """Decode one stored event of a session's stream; what stands in another aggregate's is Unknown."""
    if topic in _SESSION_TOPICS:
        return _SESSION.decode(state)
    if topic in UPCASTS:
        return _SESSION.decode(_upcast(topic, state)[1])
    return Unknown(topic=topic, state=state)


def read_plain(topic: str, state: bytes) -> tuple[str, dict[str, Any]]:
    """Return the present topic and the event's values as written, upcast but not checked against the vocabulary."""
    if topic in UPCASTS:
        topic, state = _upcast(topic, state)
    document: dict[str, Any] = parse_written(state)
    return topic, document


def _upcast(topic: str, state: bytes) -> tuple[str, bytes]:
    document = parse(state)
    try:
        while topic in UPCASTS:
            document["data"] = UPCASTS[topic](document["data"])
            topic = document["data"]["type"]
    except (LookupError, TypeError, ValueError) as fault:
        raise Invalid(f"Expected an event of type {topic}, but its data does not have that form: {fault!r}.") from fault
    return topic, encode(document)
