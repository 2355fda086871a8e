"""Who listens hears of every append once, in order, and can do no harm."""

import logging

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.current import CURRENT
from commands.perform import drive
from commands.ports import Appended, Question, Reply
from tests.commands.parts import Model, Shop, Time, shell_of, start


async def test_every_append_is_told_once_in_the_order_of_the_log(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    told: list[Appended] = []
    shell.listeners.append(told.append)
    session, _ = await start(shell)
    await drive(shell, session)
    rows = await store.read_stream(session)
    assert [event.id for appended in told for event in appended.events] == [row.event_id.hex for row in rows]
    assert [appended.after for appended in told] == [
        sum(len(earlier.events) for earlier in told[:place]) for place in range(len(told))
    ]
    assert all(appended.seconds > 0 for appended in told)


async def test_a_listener_that_fails_stops_nothing(store: PostgresEventStore, caplog: pytest.LogCaptureFixture) -> None:
    shell = shell_of(store, Shop(), Model(), Time())

    def fail(appended: Appended) -> None:
        raise RuntimeError("no room")

    shell.listeners.append(fail)
    with caplog.at_level(logging.ERROR):
        session, _ = await start(shell)
        loaded = await drive(shell, session)
    assert loaded.state and loaded.state.ended
    assert "could not be told" in caplog.text


async def test_what_is_logged_while_a_model_is_asked_is_about_that_question(store: PostgresEventStore) -> None:
    seen: list[object] = []

    class Watched(Model):
        async def ask(self, question: Question) -> Reply:
            seen.append(CURRENT.get())
            return await super().ask(question)

    shell = shell_of(store, Shop(), Watched(), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    assert seen[:2] == [(session, "plan-m1"), (session, "choose-1-1-m1")]
    assert CURRENT.get() is None
