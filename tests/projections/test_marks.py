"""An answer that draws on what others may have written says so wherever it is shown."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.encoding import foreign, parse
from domain.envelope import Actor, Context, Event, fact_event
from domain.labels import FilledSlot, Label, Provenance
from domain.reviewing.findings import Finding
from domain.session.events import AnswerChecked, ArgumentsChecked, SessionCompleted, SessionEvent, VerdictReached
from projections import action, session, verdicts
from projections.ports import Recorded
from projections.wording import words
from queries.sessions import SessionShown

AT = datetime(2026, 11, 1, tzinfo=UTC)
ID = UUID(int=1)
READ = Label(sources=("goal", "model:answer", "tool:read_mail"))


def event(data: SessionEvent) -> tuple[Event[SessionEvent], Recorded]:
    """Return an event as a read model is given it."""
    context = Context(command_id="c", actor=Actor(kind="system", id="w"), at=AT, correlation="c")
    recorded = Recorded(
        position=1, stream=ID, version=1, topic="session.x.v1", tenant="local", event_id=ID, state=b"{}"
    )
    return fact_event(data, context, 0), recorded


@pytest.mark.parametrize(
    ("label", "untrusted"),
    [(READ, ["read_mail"]), (Label(sources=("goal",), trusted=True), None), (None, None)],
)
def test_a_session_knows_the_tools_that_its_answer_draws_on(label: Label | None, untrusted: list[str] | None) -> None:
    (row,) = session.changes(*event(SessionCompleted(answer="done", label=label)))
    assert row.untrusted == untrusted


def test_its_marks_and_its_timeline_say_so_in_words() -> None:
    shown = SessionShown(
        id=ID,
        user_id="ada",
        goal="g",
        status="completed",
        lane="standard",
        model="m",
        created_at=AT,
        updated_at=AT,
        version=1,
        position=1,
        reworks=1,
        untrusted=["read_mail"],
    )
    assert shown.marks == ("1 rework asked for", "draws on what others may have written; sources: read_mail")
    told = words(SessionCompleted(answer="done", label=READ))
    assert told.detail == "done\nIt draws on what others may have written; sources: read_mail"


def test_what_nothing_speaks_for_in_an_answer_is_a_mark_of_its_session() -> None:
    doubt = Finding(kind="unsupported", place="the answer", said="a gift card")
    (row,) = session.changes(*event(AnswerChecked(call="answer", attempt=1, findings=(doubt,))))
    assert row.unproven == ["the answer: nothing speaks for 'a gift card'"]
    refused = AnswerChecked(call="answer", attempt=1, findings=(doubt,), problems=("wrong",))
    (row,) = session.changes(*event(refused))
    assert row.unproven is None


def test_a_verdict_shows_what_it_saw() -> None:
    seen = Provenance(plan="inside", bound=True)
    verdict = VerdictReached(
        call="call-1-1", request_digest="r", decision="allow", rules=(), policy_set="p", reason="", provenance=seen
    )
    (row,) = verdicts.changes(*event(verdict))
    assert row.provenance is not None
    assert parse(bytes(row.provenance)) == {"plan": "inside", "bound": True}
    (row,) = verdicts.changes(*event(replace(verdict, observed=("writes-ask",), refused="eve")))
    assert (row.observed, row.refused) == (["writes-ask"], "eve")


def test_an_action_shows_the_arguments_with_what_the_plan_filled_in() -> None:
    slot = FilledSlot(argument="/body/to", label=READ)
    checked = ArgumentsChecked(call="call-1-1", arguments=foreign({"body": {"to": "ann"}}), filled=(slot,))
    (row,) = action.changes(*event(checked))
    assert isinstance(row, action.ActionRow)
    assert row.request_json is not None
    assert parse(bytes(row.request_json)) == {"body": {"to": "ann"}}
