"""The end of a session ends its actions, however the log is cut into batches; what is known only later still shows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from api.rest.folding import fold
from commands.shell import to_log
from domain.content import content
from domain.encoding import foreign, plain
from domain.session.events import (
    ApprovalRequested,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    GoalSubmitted,
    PlannedStep,
    PlanProposed,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    Sourced,
    ToolChosen,
    VerdictReached,
)
from queries.sessions import ActionShown, show_session
from tests.adapters.postgres.read_models.logs import project_all
from tests.adapters.postgres.read_models.test_dead_letters import ORDERED, cut, write
from tests.projections.histories import NOW, event_of

ENDED_AT = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
async def reads(database: str) -> AsyncIterator[PostgresReadStore]:
    """Open the read models of this test's own database for reading."""
    opened = PostgresReadStore(database)
    yield opened
    await opened.close()


class Told:
    """Append one session's events, and show its actions by their calls as both the log and the read model do."""

    def __init__(self, store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore, size: int):
        self._store, self._keeper, self._reads, self._size = store, keeper, reads, size
        self._session, self._version = uuid4(), 0

    async def append(self, *data: SessionEvent, late: tuple[SessionEvent, ...] = ()) -> None:
        """Append events: the last of ``data`` ends the session, what is ``late`` comes after it."""
        before = [event_of(each) for each in data[:-1]]
        events = [*before, *(event_of(each, ENDED_AT) for each in data[-1:]), *(event_of(each, LATER) for each in late)]
        await self._store.append(to_log(self._session, self._version, events))
        self._version += len(events)

    async def actions(self) -> dict[str, ActionShown]:
        await project_all(self._store, self._keeper, self._size)
        return await shown(self._store, self._reads, self._session)


async def shown(store: PostgresEventStore, reads: PostgresReadStore, session: UUID) -> dict[str, ActionShown]:
    """Return a session's actions by their calls, the same from the log as from the read model."""
    found = await show_session(reads, "local", session)
    assert plain(fold(await store.read_stream(session))) == plain(found)
    return {action.id.removeprefix(f"{session}-"): action for action in found.actions}


@pytest.fixture(params=[1, 2, 500])
def told(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore, request: pytest.FixtureRequest
) -> Told:
    """Tell a session whose log is projected in batches of some size."""
    return Told(store, keeper, reads, request.param)


GOAL = GoalSubmitted(
    session="", goal="refund", user="ada", model="scripted:x", agents=(), catalog="", policy_set="", behaviour=1
)
FIVE = tuple(f"call-{step}-1" for step in range(1, 6))
PLAN = PlanProposed(steps=(PlannedStep(goal="a part", agent="executor"),) * len(FIVE))
DUE = NOW + timedelta(seconds=1)


def chosen(call: str) -> ToolChosen:
    arguments = Sourced(value=foreign({}), source="model:x")
    return ToolChosen(step=int(call.split("-")[1]), call=call, tool="shop/refund", arguments=arguments)


def asked(call: str) -> ApprovalRequested:
    return ApprovalRequested(approval=call, question="call", step=1, call=call, request_digest="e" * 64, reason="")


def requested(call: str) -> CallRequested:
    return CallRequested(
        step=1, call=call, tool="", operation="", document="", request_digest="", idempotency_key="k", deadline=LATER
    )


def attempted(call: str) -> CallAttempted:
    return CallAttempted(call=call, attempt=1, worker="worker-1", lease_until=LATER)


def begun() -> list[SessionEvent]:
    """Tell of five calls that wait, are requested, run, are deferred and will be sent again."""
    one, two, three, four, five = FIVE
    return [
        GOAL,
        PLAN,
        *map(chosen, FIVE),
        asked(one),
        *map(requested, (two, three, four, five)),
        attempted(three),
        CallDeferred(call=four, reason="the breaker is open", until=LATER),
        attempted(five),
        CallRetryScheduled(call=five, attempt=2, not_before=DUE, reason="not sent"),
    ]


@pytest.mark.parametrize(
    "end", [SessionCompleted(answer=""), SessionFailed(reason="enough"), SessionCancelled(reason="enough")]
)
async def test_no_action_goes_on_for_ever_after_its_session_ended(told: Told, end: SessionEvent) -> None:
    await told.append(*begun(), end)
    actions = await told.actions()
    assert {call: (each.status, each.finished_at) for call, each in actions.items()} == dict.fromkeys(
        FIVE, ("cancelled", ENDED_AT)
    )


async def test_a_call_in_flight_at_the_end_runs_until_its_answer_comes(told: Told) -> None:
    _, _, flying, *_ = FIVE
    await told.append(*begun(), SessionCancelled(reason="enough", in_flight=(flying,)))
    actions = await told.actions()
    assert [call for call, each in actions.items() if each.status != "cancelled"] == [flying]
    assert (actions[flying].status, actions[flying].finished_at) == ("running", None)


async def test_a_call_that_was_answered_after_the_end_is_a_dead_letter(told: Told) -> None:
    _, _, flying, *_ = FIVE
    answer = CallSucceeded(call=flying, attempt=1, status=200, output=content(b"{}"), source="tool:shop")
    letter = CallDeadLettered(call=flying, reason="it happened after the session had ended")
    end = SessionFailed(reason="enough", in_flight=(flying,))
    await told.append(*begun(), end, late=(answer, letter))
    action = (await told.actions())[flying]
    assert (action.status, action.http_status, action.finished_at) == ("dead-lettered", 200, LATER)


async def test_a_late_verdict_saves_no_action_from_the_end(told: Told) -> None:
    one, *_ = FIVE
    verdict = VerdictReached(
        call=one, request_digest="", decision="allow", rules=(), policy_set="", reason="reads are allowed"
    )
    await told.append(GOAL, PLAN, chosen(one), SessionCancelled(reason="enough"), late=(verdict,))
    action = (await told.actions())[one]
    assert (action.status, action.verdict, action.finished_at) == ("cancelled", "allow", ENDED_AT)


@pytest.mark.parametrize(("upto", "status"), [(2, "retrying"), (3, "running"), (None, "succeeded")])
@pytest.mark.parametrize("size", [1, 500])
async def test_what_a_replayed_dead_letter_says_after_the_end_stands(
    store: PostgresEventStore,
    keeper: PostgresReadModels,
    reads: PostgresReadStore,
    size: int,
    upto: int | None,
    status: str,
) -> None:
    session = uuid4()
    before, after = cut("replayed", ORDERED)
    await write(store, session, (*before, *after[:upto]))
    await project_all(store, keeper, size)
    assert (await shown(store, reads, session))["call-1-1"].status == status
