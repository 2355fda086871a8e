"""What is asked of the read models is what the sessions' own states say."""

from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from api.rest.folding import fold as fold_rows
from domain.encoding import plain
from domain.errors import NotFound
from domain.session.admit import open_approvals
from domain.session.react import fold
from domain.session.state import (
    Accepted,
    Asking,
    Calling,
    Ended,
    InFlight,
    OutcomeUnknown,
    Planning,
    Replaying,
    Session,
)
from ops.bench.histories import history
from queries.approvals import list_approvals, show_approval
from queries.freshness import wait_for
from queries.projections import list_projections
from queries.sessions import list_sessions, show_session
from queries.timeline import read_timeline
from tests.adapters.postgres.read_models.logs import append, project_all, tell

OVER = {"succeeded", "failed", "denied", "invalid", "dead-lettered", "cancelled"}
SLOW = settings(max_examples=8, suppress_health_check=list(HealthCheck))


def expected_status(state: Session) -> str:
    """Say in what status a session is, from its state."""
    match state.stage:
        case Ended(status=status):
            return status
        case _ if state.paused:
            return "paused"
        case Planning(model=model) if model is None or model.attempt == 1:
            return "queued"
        case _:
            return "waiting" if state.open and all(map(_asks, _open_stages(state))) else "running"


def _open_stages(state: Session) -> list[object]:
    return [step.stage for step in state.open_steps]


def _asks(stage: object) -> bool:
    match stage:
        case Asking() | Calling(phase=OutcomeUnknown()):
            return True
        case _:
            return False


def _still_owed(state: Session) -> set[str]:
    """Return the actions whose answer is still awaited: in flight when the session ended, or sent again since."""
    calling = [stage for stage in _open_stages(state) if isinstance(stage, Calling)]
    flying = {stage.choice.call for stage in calling if isinstance(stage.phase, InFlight)}
    again = {letter.choice.call for letter in state.letters if isinstance(letter.stage, Replaying)}
    return {f"{state.id}-{call}" for call in flying | again}


@SLOW
@given(seed=st.integers(0, 2**32))
async def test_a_session_shows_what_its_state_says(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore, seed: int
) -> None:
    draw, session, versions, state = Random(seed), uuid4(), dict[UUID, int](), None
    for events in history(draw, session, steps=2, most=25):
        await append(store, session, versions, events)
        state = fold(events, state)
        assert state is not None
        await project_all(store, keeper)
        shown = await show_session(reads, "local", session)
        assert plain(fold_rows(await store.read_stream(session))) == plain(shown)
        assert shown.session.status == expected_status(state)
        assert shown.session.version == versions[session]
        assert shown.summary.cost.tokens == state.spent.tokens
        assert len(shown.tasks) == len(state.steps)
        done = [task.status == "completed" for task in shown.tasks]
        assert done == [isinstance(step.stage, Accepted) for step in state.steps]
        if state.ended:
            assert {action.status for action in shown.actions if action.id not in _still_owed(state)} <= OVER
        waiting = [each.id for each in await list_approvals(reads, "local") if each.session_id == session]
        open_now = [] if state.ended else [approval.id for approval, _ in open_approvals(state)]
        assert sorted(waiting) == sorted(open_now)
    assert len(await read_timeline(reads, "local", session)) == versions[session]


async def test_sessions_are_listed_newest_first_in_pages(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    await tell(store, Random(7), sessions=7)
    await project_all(store, keeper)
    listed = await list_sessions(reads, "local")
    assert len(listed) == 7
    assert [row.created_at for row in listed] == sorted((row.created_at for row in listed), reverse=True)
    first = await list_sessions(reads, "local", limit=3)
    rest = await list_sessions(reads, "local", before=(first[-1].created_at, first[-1].id))
    assert [*first, *rest] == listed
    failed = await list_sessions(reads, "local", status="failed")
    assert failed == [row for row in listed if row.status == "failed"]


async def test_nothing_of_another_tenant_is_shown(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    await tell(store, Random(8), sessions=1)
    await project_all(store, keeper)
    (session,) = await list_sessions(reads, "local")
    assert await list_sessions(reads, "another") == []
    assert await list_approvals(reads, "another", status="") == []
    assert await read_timeline(reads, "another", session.id) == []
    with pytest.raises(NotFound):
        await show_session(reads, "another", session.id)
    with pytest.raises(NotFound):
        await show_approval(reads, "another", f"{session.id}-call-1-1")


async def test_a_reader_waits_for_what_was_written(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    await tell(store, Random(9), sessions=1)
    head = await store.head()
    assert not await wait_for(reads, head, patience=0.1)
    await project_all(store, keeper)
    assert await wait_for(reads, head, patience=0.1)
    assert {shown.lag for shown in await list_projections(reads)} == {0}
