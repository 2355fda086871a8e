"""Nothing that the log may hold stops a read model: whatever Postgres cannot take is shown as near as it can be."""

from uuid import uuid4

import msgspec
import pytest

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.content import Content
from domain.encoding import parse
from domain.session.events import (
    BudgetSpent,
    CallSucceeded,
    GoalSubmitted,
    PlannedStep,
    PlanProposed,
    SessionEvent,
    Sourced,
    StepStarted,
    ToolChosen,
)
from queries.sessions import show_session
from tests.adapters.postgres.read_models.logs import project_all
from tests.projections.histories import event_of

HOSTILE = {
    "a NUL": b'{"a": "x\\u0000y"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "a number beyond all bounds": b'{"a": 1e999999}',
    "a long number": b'{"a": ' + b"9" * 5_000 + b".10}",
    "deep nesting": b"[" * 400 + b"]" * 400,
    "deeper nesting": b"[" * 900 + b"]" * 900,
    "the same key twice": b'{"a": 1, "a": 2}',
    "no JSON at all": b"<html>\\u0000</html>",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_stops_no_read_model(
    store: PostgresEventStore, keeper: PostgresReadModels, database: str, text: bytes
) -> None:
    session = uuid4()
    # No event holds half a surrogate pair, or what is no JSON, as a value: such a reply is unreadable.
    arguments = msgspec.Raw(text if text.startswith((b"{", b"[")) and b"\\ud800" not in text else b"{}")
    said = text.decode()
    events: list[SessionEvent] = [
        GoalSubmitted(
            session=str(session),
            goal="with \x00 and \ufffe",
            user="ada\x00",
            model="scripted:x",
            agents=(),
            catalog="",
            policy_set="",
            behaviour=1,
        ),
        BudgetSpent(tokens=10**40),
        BudgetSpent(tokens=10**40),
        PlanProposed(steps=(PlannedStep(goal=said, agent="executor"),)),
        StepStarted(step=1, agent="executor"),
        ToolChosen(step=1, call="call-1-1", tool="t", arguments=Sourced(value=arguments, source="model:x")),
        CallSucceeded(
            call="call-1-1", attempt=1, status=200, output=Content(text=said, size=len(said)), source="tool:t"
        ),
    ]
    await store.append(to_log(session, 0, [event_of(event) for event in events]))
    projector = await project_all(store, keeper)
    reads = PostgresReadStore(database)
    shown = await show_session(reads, "local", session)
    await reads.close()
    assert not projector.skipped
    assert shown.session.goal == "with \ufffd and \ufffe"
    assert shown.summary.cost.tokens == 2 * 10**12
    assert shown.tasks[0].output_json is not None
    assert parse(msgspec.json.encode(shown)) is not None
