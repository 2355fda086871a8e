"""Every event has words, and changes of one row are one change however they are put together."""

from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.content import Content
from domain.session.events import CallSucceeded
from domain.upcasting import topic_of
from ops.bench.histories import Trouble, history
from projections.ports import Recorded
from projections.registry import READ_MODELS
from projections.rows import Row, coalesce
from projections.wording import Words, words

WILD = Trouble(faults=400, asks=500, people=100, late=500)
SESSION = UUID(int=7)


def changed(seed: int) -> list[Row]:
    """Return every change of every read model in one session."""
    events = [event for append in history(Random(seed), SESSION, trouble=WILD) for event in append]
    rows: list[Row] = []
    for version, event in enumerate(events, 1):
        recorded = Recorded(
            position=version,
            stream=SESSION,
            version=version,
            topic=topic_of(type(event.data)),
            tenant=event.tenant,
            event_id=UUID(event.id),
            state=b"",
        )
        for model in READ_MODELS.values():
            rows += model.changes(event, recorded)
    return rows


@given(seed=st.integers(0, 2**32), cut=st.integers(0, 2_000))
def test_changes_put_together_in_two_parts_are_those_put_together_at_once(seed: int, cut: int) -> None:
    rows = changed(seed)
    halves = [*_all(coalesce(rows[:cut])), *_all(coalesce(rows[cut:]))]
    assert coalesce(halves) == coalesce(rows)


def _all(rows: object) -> list[Row]:
    assert isinstance(rows, dict)
    return [row for kind in rows.values() for row in kind]


@given(seed=st.integers(0, 2**32))
def test_every_event_has_a_title(seed: int) -> None:
    for append in history(Random(seed), SESSION, trouble=WILD):
        for event in append:
            said = words(event.data)
            assert said.title.strip() and len(said.title) < 100


def test_an_answer_that_is_not_as_described_says_so_in_the_timeline() -> None:
    answered = CallSucceeded(call="c", attempt=1, status=200, output=Content(text="{}", size=2), source="tool:a")
    noted = replace(answered, mismatches=("/a: 1 was expected", "/b: 2 was expected"))
    assert words(answered) == Words("The tool answered 200", "{}", "tool", "c")
    told = "/a: 1 was expected\n/b: 2 was expected\n{}"
    assert words(noted) == Words("The tool answered 200, not as described", told, "tool", "c")
