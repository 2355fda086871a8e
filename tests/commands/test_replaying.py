"""A session is replayed from the log on the catalogue it pinned; where that is missing, this is said, not guessed."""

from typing import Any
from uuid import uuid4

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.perform import drive
from commands.ports import LogEvent
from commands.replaying import read_rows, replay_session, state_at
from commands.shell import to_log
from domain.catalog.events import Agent, AgentPatched
from domain.encoding import canonical
from domain.errors import NotFound
from domain.ids import derive
from ops.cli.replaying import report_text, summed
from tests.commands.parts import Model, Shop, Time, shell_of, start
from tests.domain.test_changes import applied
from tests.projections.histories import event_of
from tests.replay.runs import recorded


async def test_every_prompt_of_a_session_is_built_again_from_the_catalogue_it_pinned(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(steps=3), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    found = await replay_session(store, session, execute=True)
    assert (found.divergences, found.unchecked) == ((), 0)
    assert "unchecked" not in report_text(summed([found], single=True), execute=True)


async def test_a_catalogue_that_is_not_stored_is_said_and_not_guessed(store: PostgresEventStore) -> None:
    session = uuid4()
    rows = recorded("denied")  # it pinned a catalogue that this log does not have
    await store.append(
        [
            LogEvent(
                originator_id=session,
                originator_version=row.version,
                topic=row.topic,
                state=row.state,
                event_id=uuid4(),
                tenant="local",
                command_id=derive(str(session)) if row.version == 1 else None,
                request_digest=None,
            )
            for row in rows
        ]
    )
    found = await replay_session(store, session, execute=True)
    assert not found.divergences and found.unchecked == sum("model-replied" in row.topic for row in rows)
    assert f"{found.unchecked} prompts" in report_text(summed([found], single=True), execute=True)


async def test_a_session_that_is_not_there_is_not_found(store: PostgresEventStore) -> None:
    with pytest.raises(NotFound, match="nothing is recorded"):
        await read_rows(store, uuid4())


async def test_what_is_recorded_of_an_agent_is_no_session(store: PostgresEventStore) -> None:
    patched = AgentPatched(agent=Agent(id="a", name="A", role="worker", prompt_template="Do it.", tools=("*",)))
    stream = uuid4()
    await store.append(to_log(stream, 0, [event_of(patched)]))
    with pytest.raises(NotFound):
        await replay_session(store, stream, execute=False)


async def test_the_states_of_all_versions_lead_to_one_another(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(steps=2), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    rows = await read_rows(store, session)
    states = [await state_at(store, session, row.version) for row in rows]
    value: Any = None
    for found in states:
        for change in found.changes:
            value = applied(value, change)
        assert canonical(value) == canonical(found.state), found.version
    assert states[-1] == await state_at(store, session)
    assert states[-1].digest == (await replay_session(store, session, execute=False)).state_digest


async def test_a_version_that_is_not_there_is_said_with_those_that_are(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(steps=1), Time())
    session, _ = await start(shell)
    for version in (0, -1, 1_000):
        with pytest.raises(NotFound, match="from 1 to"):
            await state_at(store, session, version)
    with pytest.raises(NotFound, match="nothing is recorded"):
        await state_at(store, uuid4())
