"""Values that parsers take for the same but that were written in another way are found, and shown as they stand."""

import pytest
from msgspec.structs import replace

from domain.encoding import encode, parse
from domain.envelope import Actor, Context, fact_event
from domain.replay import Row
from domain.session.events import SessionEvent
from domain.session.react import react
from domain.session.state import Session
from domain.upcasting import topic_of
from tests.domain.story import NOW, SESSION, goal, plan, replied
from tests.replay.test_altered import difference, found, renumbered


def chosen_with(price: bytes) -> list[Row]:
    """Record a session up to a choice, the last event, whose arguments hold a number as it is given here."""
    rows: list[Row] = []
    state: Session | None = None
    choice = b'{"tool": "create_order", "arguments": {"body": {"price":' + price + b"}}}"
    facts: list[SessionEvent] = [goal(), plan(()), replied("choose-1-1", choice.decode())]
    for number, fact in enumerate(facts):
        context = Context(command_id=f"c{number}", actor=Actor(kind="person", id="ada"), at=NOW, correlation=SESSION)
        group, state = react(state, fact_event(fact, context, 0))
        rows += [Row(version=0, topic=topic_of(type(event.data)), state=encode(event)) for event in group]
    return renumbered(rows)


@pytest.mark.parametrize(("was", "now"), [(b"-0", b"0"), (b"1.0", b"1"), (b"1e1", b"10"), (b"1E1", b"1e1")])
def test_a_number_written_in_another_way_is_named(was: bytes, now: bytes) -> None:
    *rows, last = chosen_with(now)
    named = found([*rows, replace(last, state=last.state.replace(b'"price":' + now, b'"price":' + was))])
    assert (named.version, named.path) == (last.version, "/data/arguments/value/body/price")
    assert (encode(named.recorded), encode(named.produced)) == (was, now)


def test_a_key_that_was_doubled_is_named() -> None:
    *rows, last = chosen_with(b"5")
    doubled = last.state.replace(b'"price":5', b'"price":7,"price":5')
    named = found([*rows, replace(last, state=doubled)])
    assert named == difference(last.version, last.topic, "", doubled.decode(), parse(last.state))
