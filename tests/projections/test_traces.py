"""A session's trace follows from its events: whole, without personal data, the same wherever it is cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.envelope import Event
from domain.session.events import SessionEvent
from domain.tracing import read_traceparent, span_context, traceparent
from domain.upcasting import Unknown, read_session
from projections.spans import Span
from projections.traces import Trace
from tests.domain.simulation import Chaos, simulate
from tests.domain.story import SESSION
from tests.domain.world import FATAL, PASSING, REWORKED, World
from tests.replay.golden_files import FOLDER, read

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def recorded(name: str, traceparent: str = "") -> list[Event[SessionEvent]]:
    """Return a golden history, its goal submitted under a traceparent."""
    rows, _ = read(FOLDER / f"{name}.v1.jsonl")
    first = json.loads(rows[0].state) | ({"traceparent": traceparent} if traceparent else {})
    states = [json.dumps(first).encode(), *(row.state for row in rows[1:])]
    events = [read_session(row.topic, state) for row, state in zip(rows, states, strict=True)]
    return [event for event in events if not isinstance(event, Unknown)]


def spans(events: list[Event[SessionEvent]]) -> list[Span]:
    return Trace(SESSION).take(events)


def described(span: Span) -> tuple[str, str, str]:
    return span.name, span.parent, span.error


def test_a_sessions_spans_lead_from_the_calls_over_the_steps_to_the_session() -> None:
    told = {span.effect: described(span) for span in spans(recorded("completed"))}
    assert told["session"] == ("invoke_workflow", "", "")
    assert told["planning"] == ("plan planner", "session", "")
    assert told["plan-m1"][1] == "planning"
    assert told["step-3"] == ("invoke_agent executor", "session", "")
    assert told["call-3-1"] == ("execute_tool read", "step-3", "")
    assert told["review-3-1-m1"][1] == "step-3"
    assert told["answer-m1"][1:] == ("session", "model-failed") and told["answer-m2"][1:] == ("session", "")


def test_what_happened_during_a_call_is_noted_in_its_span() -> None:
    calls = {span.effect: [note.name for note in span.notes] for span in spans(recorded("completed"))}
    assert calls["call-3-2"] == ["verdict", "call-asked", "approved", "attempt"]
    assert "rework" in calls["step-3"]


def test_a_call_that_was_not_sent_says_why() -> None:
    told = {span.effect: span for span in spans(recorded("denied"))}
    calls = {effect: span.error for effect, span in told.items() if span.name.startswith("execute_tool")}
    assert calls == {"call-1-1": "invalid-arguments", "call-1-2": "denied", "call-1-3": "given-up"}
    assert told["session"].error == "failed"
    assert all(span.attributes.get("error.type", "") == span.error for span in told.values())


def test_a_call_that_is_sent_again_has_a_span_of_its_own_behind_the_sessions_end() -> None:
    told = {span.effect: span for span in spans(recorded("replayed"))}
    (again,) = [span for effect, span in told.items() if effect.endswith("-r1")]
    first = told[again.effect.removesuffix("-r1")]
    assert (first.error, again.error) == ("dead-lettered", "")
    assert again.start >= (told["session"].end or again.start) and described(again)[:2] == described(first)[:2]
    assert "command dead-letter-replayed" in {span.name for span in told.values()}


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in FOLDER.glob("*.v1.jsonl")))
def test_no_goal_argument_output_or_person_is_in_a_trace(name: str) -> None:
    said = " ".join(str((span.name, span.attributes, span.notes)) for span in spans(recorded(name)))
    for event in recorded(name):
        texts = {event.actor.id} if event.actor.kind == "person" else set()
        texts |= {str(getattr(event.data, field, "")) for field in ("goal", "answer", "reason", "instructions", "by")}
        texts |= {
            part.text for part in (getattr(event.data, "output", None), getattr(event.data, "reply", None)) if part
        }
        for text in texts - {"", "ask", "allow", "deny"}:
            assert f"'{text}" not in said, text


def test_a_strangers_span_is_linked_from_the_session_and_from_the_command() -> None:
    linked = [span.name for span in spans(recorded("completed", TRACEPARENT)) if span.link]
    assert linked == ["command goal-submitted", "invoke_workflow"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        TRACEPARENT.upper(),
        TRACEPARENT + "-00",
        TRACEPARENT.replace("00-", "ff-", 1),
        TRACEPARENT[:-1],
        TRACEPARENT + "\n",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
    ],
)
def test_a_malformed_traceparent_links_nothing(text: str) -> None:
    assert read_traceparent(text) is None
    assert not any(span.link for span in spans(recorded("completed", text)))


def test_a_traceparent_of_a_later_version_may_say_more() -> None:
    assert read_traceparent(TRACEPARENT.replace("00-", "01-", 1) + "-more") == read_traceparent(TRACEPARENT)


def test_our_own_traceparent_names_the_sessions_span() -> None:
    assert read_traceparent(traceparent(SESSION)) == span_context(SESSION)


worlds = st.builds(
    World,
    seed=st.integers(0, 2**32),
    troubles=st.lists(st.sampled_from([*PASSING, *REWORKED, *FATAL])).map(tuple),
    researches=st.booleans(),
)
chaos = st.builds(Chaos, workers=st.integers(1, 2), cancel_at=st.just(0) | st.integers(1, 150))


@settings(max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds, chaos, st.integers(0, 200))
def test_every_history_is_one_whole_trace_wherever_it_is_cut(world: World, chaos: Chaos, cut: int) -> None:
    run = simulate(world, chaos)
    events = [event for row in run.rows if not isinstance(event := read_session(row.topic, row.state), Unknown)]
    whole, trace = spans(events), Trace(SESSION)
    assert trace.take(events[:cut]) + trace.take(events[cut:]) == whole
    assert not trace.open and trace.version == len(events)
    ids = {span.ids.span_id for span in whole}
    assert len(ids) == len(whole) and {span.ids.trace_id for span in whole} == {span_context(SESSION).trace_id}
    assert all(span.parent_ids is None or span.parent_ids.span_id in ids for span in whole)
    assert [span.name for span in whole if not span.parent] == ["invoke_workflow"]
    assert all(span.end and span.start <= span.end for span in whole)
    assert all(first.at <= second.at for span in whole for first, second in pairwise(span.notes))
