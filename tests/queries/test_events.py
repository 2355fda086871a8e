"""An event is shown with its words and its stored text, and one that nobody knows is shown all the same."""

from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog.events import Agent, AgentRegistered
from domain.encoding import encode
from domain.upcasting import topic_of
from ops.bench.histories import history
from projections.ports import Recorded
from projections.timeline import changes
from queries.events import EventShown, show_event
from tests.projections.histories import NOW, event_of

SESSION = UUID(int=7)
WEATHER = b'{"at":"2026-11-01T12:00:00Z","kind":"fact","actor":{"kind":"person","id":"ada"},"data":{"c":1.50}}'


def recorded(topic: str, state: bytes) -> Recorded:
    """Return a stored event as a follower hands it out."""
    return Recorded(position=9, stream=SESSION, version=3, topic=topic, tenant="local", event_id=uuid4(), state=state)


@given(seed=st.integers(0, 2**32))
def test_an_event_says_what_its_timeline_says(seed: int) -> None:
    for append in history(Random(seed), SESSION):
        for event in append:
            row = recorded(topic_of(type(event.data)), encode(event))
            shown, (said,) = show_event(row), changes(event, row)
            assert (shown.title, shown.detail, shown.step, shown.call) == (
                said.title,
                said.detail,
                said.step,
                said.call,
            )
            assert (shown.type, shown.at, shown.kind, shown.role) == (row.topic, event.at, event.kind, said.role or "")
            assert bytes(shown.event) == row.state


def test_an_event_of_an_unknown_type_says_what_its_envelope_says() -> None:
    shown = show_event(recorded("weather.changed.v1", WEATHER))
    assert (shown.title, shown.kind, shown.actor, shown.at) == ("weather.changed.v1", "fact", "ada", NOW)
    assert bytes(shown.event) == WEATHER


def test_an_event_of_the_catalogue_is_called_by_its_type() -> None:
    agent = Agent(id="clerk", name="Clerk", role="executor", prompt_template="Be exact.", tools=())
    shown = show_event(recorded("agent.registered.v1", encode(event_of(AgentRegistered(agent=agent)))))
    assert (shown.title, shown.kind, shown.actor) == ("agent.registered.v1", "fact", "ada")


@pytest.mark.parametrize("topic", ["weather.changed.v1", "session.paused.v1"])
@pytest.mark.parametrize("state", [b"", b"\xff", b"{", b"[1]", b"{}", b"[" * 5_000 + b"]" * 5_000, b'{"at": 7}'])
def test_an_event_that_cannot_be_read_is_shown_as_it_stands(topic: str, state: bytes) -> None:
    shown = show_event(recorded(topic, state))
    assert (shown.position, shown.version, shown.type, shown.title, shown.at) == (9, 3, topic, topic, None)
    assert msgspec.json.decode(msgspec.json.encode(shown), type=EventShown).title == topic
