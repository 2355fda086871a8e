"""Stored events of every version stay readable; unknown ones are carried."""

from typing import Any, get_args

import msgspec
import pytest

from domain.catalog.events import AgentPatched, AgentRegistered, CatalogEvent, DocumentRegistered, ToolsAdded
from domain.encoding import encode, parse
from domain.envelope import Actor, Context, Event, consequence_events, fact_event
from domain.errors import Invalid
from domain.ids import derive
from domain.session.events import SESSION_EVENTS, Consequence, Fact, SessionConsequence, SessionFact, SessionPaused
from domain.upcasting import KNOWN_TOPICS, UPCASTS, Unknown, read, read_plain, read_session, topic_of
from tests.domain.story import NOW, goal

OLD = "session.paused.v0"
ADA = Actor(kind="person", id="ada")
CONTEXT = Context(command_id="cmd", actor=ADA, at=NOW, correlation="c", request_digest="r")


@pytest.fixture
def upcast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that pausing once had its reason under another name."""

    def to_v1(data: dict[str, Any]) -> dict[str, Any]:
        return {"type": "session.paused.v1", "reason": data["why"]}

    monkeypatch.setitem(UPCASTS, OLD, to_v1)


def stored(data: dict[str, Any]) -> bytes:
    event = parse(encode(fact_event(SessionPaused(), CONTEXT, 0)))
    return encode({**event, "data": data})


@pytest.mark.usefixtures("upcast")
def test_an_old_event_is_read_as_the_present_one() -> None:
    event = read(OLD, stored({"type": OLD, "why": "lunch"}))
    assert isinstance(event, Event) and event.data == SessionPaused(reason="lunch")
    assert read_session(OLD, stored({"type": OLD, "why": "lunch"})) == event
    assert read_plain(OLD, stored({"type": OLD, "why": "lunch"}))[0] == "session.paused.v1"


@pytest.mark.usefixtures("upcast")
@pytest.mark.parametrize("state", [b"5", b"[]", b"{}", b'{"data": 1}', b'{"data": {"type": "session.paused.v0"}}'])
def test_an_old_event_without_its_form_is_named(state: bytes) -> None:
    with pytest.raises(Invalid, match=r"session\.paused\.v0"):
        read_session(OLD, state)


def test_an_event_of_an_unknown_type_is_carried() -> None:
    unknown = Unknown(topic="session.hummed.v1", state=b"whatever")
    assert read("session.hummed.v1", b"whatever") == read_session("session.hummed.v1", b"whatever") == unknown


@pytest.mark.parametrize("state", [b"", b"{}", b'{"data": 1}', b"[]"])
def test_a_known_event_that_is_broken_is_an_error(state: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read("session.paused.v1", state)


def test_every_session_event_is_a_fact_or_a_consequence() -> None:
    assert all(issubclass(event, Fact) for event in get_args(SessionFact))
    assert all(issubclass(event, Consequence) for event in get_args(SessionConsequence))
    assert set(get_args(SessionFact)) | set(get_args(SessionConsequence)) == set(SESSION_EVENTS)


def test_topics_are_unique_kebab_case_names_with_a_version() -> None:
    events = (*SESSION_EVENTS, *get_args(CatalogEvent))
    assert len({topic_of(event) for event in events}) == len(events) == len(KNOWN_TOPICS)
    for event in (*SESSION_EVENTS, DocumentRegistered, ToolsAdded, AgentRegistered, AgentPatched):
        aggregate, name, version = topic_of(event).split(".")
        assert aggregate in ("session", "document", "agent") and version == "v1"
        assert name == name.lower() and "_" not in name


def test_a_fact_carries_its_command_only_at_the_start_of_an_append() -> None:
    first, second = fact_event(goal(), CONTEXT, 0), fact_event(SessionPaused(), CONTEXT, 1)
    assert (first.command_id, first.request_digest) == ("cmd", "r")
    assert (second.command_id, second.request_digest) == ("", "")
    assert (first.id, second.id) == (derive("cmd", 0), derive("cmd", 1))


def test_consequences_name_their_fact_and_derive_their_ids_from_it() -> None:
    fact = fact_event(SessionPaused(), CONTEXT, 0)
    first, second = consequence_events(fact, [SessionPaused(reason="a"), SessionPaused(reason="b")])
    assert first.kind == "consequence" and first.fact == first.causation == fact.id
    assert (first.id, second.id) == (derive(fact.id, 0), derive(fact.id, 1))
    assert (first.at, first.actor, first.tenant, first.lane) == (fact.at, fact.actor, fact.tenant, fact.lane)
