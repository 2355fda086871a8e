"""A process counts what it appended, and what its steps cost beside models, tools, people and waits."""

from datetime import timedelta
from uuid import UUID

import pytest

from adapters.postgres.store import PostgresEventStore
from adapters.telemetry.metrics import Metrics
from adapters.telemetry.overheads import Overheads
from commands.perform import drive
from domain.content import Content
from domain.encoding import foreign
from domain.session.events import (
    ApprovalGranted,
    ApprovalRequested,
    CallAttempted,
    CallDeferred,
    CallFailed,
    CallRetryScheduled,
    CallSucceeded,
    ModelCallAttempted,
    ModelFailed,
    ModelReplied,
    SessionEvent,
    Sourced,
    StepAccepted,
    StepStarted,
    ToolChosen,
)
from tests.commands.parts import Model, Shop, Time, failing, shell_of, start
from tests.projections.histories import NOW, event_of

SESSION = UUID(int=7)
TEXT = Content(text="{}", size=2)


async def test_what_a_process_appended_is_counted_by_what_it_was(store: PostgresEventStore) -> None:
    metrics, shop = Metrics({}), Shop(answers=failing("rate-limited"))
    shell = shell_of(store, shop, Model(steps=2), Time())
    shell.listeners.append(metrics.heard)
    session, _ = await start(shell)
    await drive(shell, session)
    text = (await metrics.text()).decode()
    told = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")}
    assert told["reprise_events_appended_total"] == len(await store.read_stream(session))
    assert told['reprise_verdicts_total{decision="allow"}'] == 2
    assert told['reprise_tool_calls_total{outcome="succeeded"}'] == 2
    assert told['reprise_tool_calls_total{outcome="rate-limited"}'] == 1
    assert told['reprise_tool_answers_total{form="as-described"}'] == 2
    assert told['reprise_model_calls_total{outcome="replied"}'] == 6
    assert told['reprise_tokens_total{direction="in"}'] == told['reprise_tokens_total{direction="out"}'] == 6
    assert told["reprise_step_overhead_seconds_count"] == 2
    assert told['reprise_sessions_ended_total{status="completed"}'] == 1
    assert told["reprise_append_seconds_count"] > 0 and str(session) not in text


LATER = NOW + timedelta(days=1)
STORY: list[tuple[float, SessionEvent]] = [
    (0, StepStarted(step=1, agent="a")),
    (1, ModelCallAttempted(call="choose-1-1", attempt=1, worker="w", lease_until=LATER)),
    (5, ModelFailed(call="choose-1-1", attempt=1, reason="", retryable=True)),
    (6, ModelCallAttempted(call="choose-1-1", attempt=2, worker="w", lease_until=LATER)),
    (9, ModelReplied(call="choose-1-1", attempt=2, reply=TEXT, prompt_digest="", latency_ms=2_500)),
    (9, ToolChosen(step=1, call="call-1-1", tool="t", arguments=Sourced(value=foreign({}), source="m"))),
    (9, ApprovalRequested(approval="x", question="call", step=1, call="call-1-1", request_digest="", reason="")),
    (99, ApprovalGranted(approval="x", request_digest="", by="ada")),
    (100, CallDeferred(call="call-1-1", reason="", until=NOW + timedelta(seconds=110))),
    (110, CallAttempted(call="call-1-1", attempt=1, worker="w", lease_until=LATER)),
    (111, CallFailed(call="call-1-1", attempt=1, failure="not-sent", reason="", latency_ms=1_000)),
    (111, CallRetryScheduled(call="call-1-1", attempt=2, not_before=NOW + timedelta(seconds=113), reason="")),
    (113.5, CallAttempted(call="call-1-1", attempt=2, worker="w", lease_until=LATER)),
    (115, CallSucceeded(call="call-1-1", attempt=2, status=200, output=TEXT, source="t", latency_ms=1_250)),
    (116, StepAccepted(step=1)),
]


def test_a_steps_overhead_is_what_is_left_of_it() -> None:
    overheads, told = Overheads(), []
    for seconds, data in STORY:
        told.append(overheads.take(SESSION, event_of(data, NOW + timedelta(seconds=seconds))))
    # 1 before the first question, 1 between the two, 0.5 to note the reply, 0.5 to begin again, 0.25 to note the
    # answer, 1 to accept it.
    assert told[:-1] == [None] * (len(STORY) - 1) and told[-1] == pytest.approx(4.25)


def test_a_step_that_another_process_began_is_left_out() -> None:
    overheads = Overheads()
    assert [overheads.take(SESSION, event_of(data)) for _, data in STORY[1:]] == [None] * (len(STORY) - 1)
