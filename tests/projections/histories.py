"""Make events and whole sessions for the read side's tests."""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from domain.envelope import Actor, Event

Data = TypeVar("Data")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def event_of(data: Data, at: datetime = NOW) -> Event[Data]:
    """Wrap data as a fact with a random id."""
    actor = Actor(kind="person", id="ada")
    return Event(id=uuid4().hex, kind="fact", data=data, actor=actor, at=at, correlation="test")
