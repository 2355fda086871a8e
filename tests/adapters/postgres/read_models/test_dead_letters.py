"""What became of calls that were given up stands in the tables, however the log is cut into batches."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogEvent
from domain.encoding import parse
from domain.errors import NotFound
from domain.replay import Row
from projections.open_work import NEVER
from queries.dead_letters import DeadLetterShown, letters_of, list_letters, show_letter
from tests.adapters.postgres.read_models.logs import project_all
from tests.replay.runs import recorded

ORDERED = "session.dead-letter-replayed.v1"


async def write(store: PostgresEventStore, session: UUID, rows: tuple[Row, ...]) -> None:
    """Append a recorded run to a session of this log."""
    events = [
        LogEvent(
            originator_id=session,
            originator_version=row.version,
            topic=row.topic,
            state=row.state,
            event_id=UUID(parse(row.state)["id"]),
        )
        for row in rows
    ]
    await store.append(events)


def cut(name: str, topic: str) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Cut a run before the first event of a type."""
    rows = recorded(name)
    at = next(index for index, row in enumerate(rows) if row.topic == topic)
    return rows[:at], rows[at:]


@pytest.fixture
async def reads(database: str) -> AsyncIterator[PostgresReadStore]:
    """Open the read models of this test's own database for reading."""
    opened = PostgresReadStore(database)
    yield opened
    await opened.close()


async def only(reads: PostgresReadStore, status: str = "open") -> DeadLetterShown:
    (letter,) = await list_letters(reads, "local", status=status)
    return letter


@pytest.mark.parametrize("size", [1, 7, 500])
async def test_a_letter_that_was_replayed_is_resolved_whatever_the_batches(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore, database: str, size: int
) -> None:
    session, open_work = uuid4(), PostgresOpenWork(database)
    before, after = cut("replayed", ORDERED)
    await write(store, session, before)
    await project_all(store, keeper, size)
    letter = await only(reads)
    assert (letter.id, letter.attempts, letter.replays) == (f"{session}-call-1-1", 1, 0)
    assert (letter.tool, letter.session_status, letter.step) == ("write", "failed", 1)
    await write(store, session, after)
    await project_all(store, keeper, size)
    closed = await only(reads, "resolved")
    assert (closed.attempts, closed.replays, closed.decided_by, closed.http_status) == (3, 1, "ada", 200)
    assert (closed.request_digest, closed.idempotency_key) == (letter.request_digest, letter.idempotency_key)
    assert closed.closed_at and closed.session_status == "failed"
    assert await open_work.due(NEVER, 10) == []
    await open_work.close()


async def test_a_letter_that_was_replayed_in_vain_and_discarded_is_closed(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    before, after = cut("discarded", "session.dead-letter-discarded.v1")
    session = uuid4()
    await write(store, session, before)
    await project_all(store, keeper)
    again = await only(reads)
    assert (again.replays, again.attempts, again.decision_reason) == (1, 3, "the shop is back")
    await write(store, session, after)
    await project_all(store, keeper)
    closed = await only(reads, "discarded")
    assert (closed.decision_reason, closed.decided_at) == ("no longer wanted", closed.closed_at)


@pytest.mark.parametrize("size", [1, 500])
async def test_a_call_that_is_sent_again_after_the_end_is_found_though_its_wake_up_was_lost(
    store: PostgresEventStore, keeper: PostgresReadModels, database: str, size: int
) -> None:
    session, open_work = uuid4(), PostgresOpenWork(database)
    before, after = cut("replayed", ORDERED)
    await write(store, session, (*before, *after[:2]))
    await project_all(store, keeper, size)
    (due,) = await open_work.due(NEVER, 10)
    ordered_at = datetime.fromisoformat(parse(after[0].state)["at"])
    assert (due.session, due.due_at) == (session, ordered_at)
    await open_work.close()


async def test_letters_are_asked_for_by_session_and_one_by_one_and_by_tenant(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    one, nobody = uuid4(), uuid4()
    before, _ = cut("replayed", ORDERED)
    await write(store, one, before)
    await project_all(store, keeper)
    found = await letters_of(reads, "local", [one, nobody])
    assert [letter.session_id for letter in found[one]] == [one] and found[nobody] == []
    letter = await show_letter(reads, "local", f"{one}-call-1-1")
    assert found[one] == [letter]
    assert await list_letters(reads, "other", status="") == []
    assert await list_letters(reads, "local", status="", after=(letter.dead_lettered_at, letter.id)) == []
    for tenant, name in (("other", letter.id), ("local", f"{nobody}-call-1-1")):
        with pytest.raises(NotFound, match="dead letter"):
            await show_letter(reads, tenant, name)
