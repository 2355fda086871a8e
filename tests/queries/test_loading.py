"""What is asked about many sessions at once is what is asked about each, whatever they are."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.errors import Invalid
from domain.session.events import BudgetSpent, SessionEvent, VerdictReached
from domain.upcasting import read_session
from ops.bench.histories import Trouble
from queries.approvals import approvals_of, list_approvals
from queries.costs import CostShown, costs_of
from queries.events import events_of
from queries.policy import verdicts_of, violations_of
from queries.sessions import actions_of, list_sessions, sessions_of, show_session, tasks_of
from queries.timeline import messages_of, read_timeline
from tests.adapters.postgres.read_models.logs import project_all, tell
from tests.projections.histories import event_of

SLOW = settings(max_examples=5, suppress_health_check=list(HealthCheck))
STRICT = Trouble(faults=400, asks=200)
NOBODY = UUID(int=0)


@pytest.fixture
async def told(store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore) -> list[UUID]:
    """Tell some sessions, and name them, the newest first."""
    await tell(store, Random(11), sessions=4, trouble=STRICT)
    await project_all(store, keeper)
    return [each.id for each in await list_sessions(reads, "local")]


async def events_in(store: PostgresEventStore, session: UUID) -> list[SessionEvent]:
    """Return what happened in a session."""
    return [read_session(row.topic, row.state).data for row in await store.read_stream(session)]  # type: ignore[union-attr]


async def test_tasks_and_actions_of_many_sessions_are_those_of_each(reads: PostgresReadStore, told: list[UUID]) -> None:
    tasks = await tasks_of(reads, "local", [*told, NOBODY])
    actions = await actions_of(reads, "local", [task.id for each in tasks.values() for task in each])
    assert tasks[NOBODY] == []
    for session in told:
        shown = await show_session(reads, "local", session)
        assert tuple(tasks[session]) == shown.tasks
        assert {action.id for task in shown.tasks for action in actions[task.id]} == {each.id for each in shown.actions}
        assert all(action.task_id == task.id for task in shown.tasks for action in actions[task.id])


async def test_sessions_are_found_by_their_ids(reads: PostgresReadStore, told: list[UUID]) -> None:
    found = await sessions_of(reads, "local", [told[0], told[2], NOBODY])
    listed = {each.id: each for each in await list_sessions(reads, "local")}
    assert found == {session: listed[session] for session in (told[0], told[2])}
    assert await sessions_of(reads, "local", []) == {}


@SLOW
@given(seed=st.integers(0, 2**32))
async def test_a_session_costs_what_its_budget_says(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore, seed: int
) -> None:
    await tell(store, Random(seed), sessions=2, trouble=STRICT)
    await project_all(store, keeper, size=Random(seed).randint(1, 40))
    sessions = [each.id for each in await list_sessions(reads, "local", limit=500)]
    for session, cost in (await costs_of(reads, "local", sessions)).items():
        events = await events_in(store, session)
        spent = [event for event in events if isinstance(event, BudgetSpent)]
        assert (cost.model_calls, cost.tool_calls, cost.tokens) == tuple(
            sum(getattr(each, name) for each in spent) for name in ("model_calls", "tool_calls", "tokens")
        )
        assert cost.latency_ms == sum(getattr(event, "latency_ms", 0) for event in events)
        assert {part.purpose for part in cost.breakdown} <= {"plan", "choose", "review", "answer", "call"}
        assert all((part.step == 0) == (part.purpose in ("plan", "answer")) for part in cost.breakdown)


async def test_a_session_that_spent_nothing_costs_nothing(reads: PostgresReadStore, told: list[UUID]) -> None:
    assert (await costs_of(reads, "local", [NOBODY]))[NOBODY] == CostShown(
        breakdown=[], model_calls=0, tool_calls=0, tokens_in=0, tokens_out=0, tokens=0, money=0, latency_ms=0
    )


async def test_every_verdict_is_shown_and_every_denial_is_a_violation(
    store: PostgresEventStore, reads: PostgresReadStore, told: list[UUID]
) -> None:
    verdicts, violations = await verdicts_of(reads, "local", told), await violations_of(reads, "local", told)
    denied = 0
    for session in told:
        reached = [event for event in await events_in(store, session) if isinstance(event, VerdictReached)]
        assert [(each.call, each.decision, list(each.rules)) for each in verdicts[session]] == [
            (each.call, each.decision, list(each.rules)) for each in reached
        ]
        assert [(list(each.observed), each.refused) for each in verdicts[session]] == [
            (list(each.observed), each.refused) for each in reached
        ]
        assert all(each.tool_id for each in verdicts[session])
        rules = [rule for each in reached if each.decision == "deny" for rule in each.rules]
        assert [each.rule for each in violations[session]] == rules
        denied += len(rules)
    assert denied, "expected a history with a denial"


async def test_each_rule_of_a_denial_is_a_violation_of_its_own(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    session = uuid4()
    verdict = VerdictReached(
        call="call-2-1", request_digest="d", decision="deny", rules=("a", "b"), policy_set="p", reason="\ufffe no"
    )
    unnamed = VerdictReached(
        call="call-2-1", request_digest="d", decision="deny", rules=(), policy_set="p", reason="no"
    )
    await store.append(to_log(session, 0, [event_of(verdict), event_of(unnamed)]))
    await project_all(store, keeper)
    found = (await violations_of(reads, "local", [session]))[session]
    assert [(each.id, each.severity, each.rule, each.task_id) for each in found] == [
        (f"{session}-1-1", "high", "a", f"{session}-2"),
        (f"{session}-1-2", "high", "b", f"{session}-2"),
        (f"{session}-2-1", "high", "unnamed", f"{session}-2"),
    ]
    assert '"reason":"\ufffe no"'.encode() in bytes(found[0].details)


async def test_approvals_of_many_sessions_are_those_of_each(reads: PostgresReadStore, told: list[UUID]) -> None:
    every = await list_approvals(reads, "local", status="", limit=500)
    assert every
    assert await approvals_of(reads, "local", told) == {
        session: [each for each in every if each.session_id == session] for session in told
    }


async def test_messages_come_in_pages_of_each_session(reads: PostgresReadStore, told: list[UUID]) -> None:
    for limit in (1, 3):
        page = await messages_of(reads, "local", told, after=1, limit=limit)
        for session in told:
            said = [each for each in await read_timeline(reads, "local", session, after=1) if each.role]
            assert page[session] == said[:limit]


async def test_events_come_in_pages_of_each_session_as_the_log_has_them(
    store: PostgresEventStore, reads: PostgresReadStore, told: list[UUID]
) -> None:
    first = await events_of(reads, "local", told, limit=2)
    for session in told:
        rows = await store.read_stream(session)
        rest = await events_of(reads, "local", [session], after=first[session][-1].position, limit=500)
        shown = [*first[session], *rest[session]]
        assert [bytes(each.event) for each in shown] == [row.state for row in rows]
        entries = await read_timeline(reads, "local", session)
        assert [_words(each) for each in shown] == [_words(each) for each in entries]


def _words(shown: Any) -> list[object]:
    names = ("position", "version", "type", "kind", "at", "actor", "title", "detail", "step", "call", "role")
    return [getattr(shown, name) for name in names]


async def test_nothing_of_another_tenants_sessions_is_loaded(reads: PostgresReadStore, told: list[UUID]) -> None:
    tasks = await tasks_of(reads, "local", told)
    found: Sequence[Mapping[Any, Any]] = (
        await tasks_of(reads, "another", told),
        await actions_of(reads, "another", [task.id for each in tasks.values() for task in each]),
        await verdicts_of(reads, "another", told),
        await violations_of(reads, "another", told),
        await approvals_of(reads, "another", told),
        await messages_of(reads, "another", told),
        await events_of(reads, "another", told),
    )
    assert not [rows for each in found for rows in each.values() if rows]
    assert await sessions_of(reads, "another", told) == {}
    assert all(each.tokens == 0 for each in (await costs_of(reads, "another", told)).values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("REFUND THE LAST", 4),
        ("ada@example.org", 4),
        ("r%d", 0),
        ("ada_example", 0),
        ("\\", 0),
        ("'; DROP TABLE sessions; --", 0),
    ],
)
async def test_sessions_are_found_by_a_text_in_their_goal(
    reads: PostgresReadStore, told: list[UUID], text: str, found: int
) -> None:
    assert len(await list_sessions(reads, "local", text=text)) == found


async def test_sessions_are_found_by_their_user(reads: PostgresReadStore, told: list[UUID]) -> None:
    assert [each.id for each in await list_sessions(reads, "local", user="ada")] == told
    assert await list_sessions(reads, "local", user="bob") == []


@pytest.mark.parametrize("text", ["x" * 201, "\0"])
async def test_a_text_that_cannot_be_looked_for_is_refused(reads: PostgresReadStore, text: str) -> None:
    with pytest.raises(Invalid):
        await list_sessions(reads, "local", text=text)
