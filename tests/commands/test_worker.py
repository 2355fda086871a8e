"""What workers do with wake-ups: one asks, one sends, a word from outside is heard at once, a broken session rests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.perform import drive
from commands.ports import LogEvent, Question, Reply
from commands.shell import Shell
from commands.worker import Failing, work
from domain.errors import Unavailable
from domain.session.events import CallAttempted, LeaseLapsed, Limits
from domain.session.state import Asking
from domain.upcasting import topic_of
from tests.beside import running_beside
from tests.commands.parts import Model, Shop, Time, events, shell_of, start, stops_behind_reading
from tests.commands.test_perform import approve, status


@dataclass
class SlowModel(Model):
    """Take a while to answer where told."""

    seconds: float = 0.0
    slow: str = "purpose"

    async def ask(self, question: Question) -> Reply:
        """Answer after a while."""
        reply = await super().ask(question)
        if self.slow in question.prompt.messages[-1].text:
            await asyncio.sleep(self.seconds)
        return reply


@dataclass
class Hint:
    """Be a received wake-up."""

    session: UUID
    acked: list[UUID] = field(default_factory=list)

    async def ack(self) -> None:
        """Note it."""
        self.acked.append(self.session)

    async def in_progress(self) -> None:
        """Say nothing."""


async def hints(session: UUID, times: int, every: float) -> AsyncIterator[Hint]:
    for _ in range(times):
        yield Hint(session)
        await asyncio.sleep(every)


async def test_four_workers_that_are_woken_again_and_again_ask_a_slow_model_once(store: PostgresEventStore) -> None:
    model = SlowModel(seconds=0.4)
    shells = [shell_of(store, Shop(), model, Time(), worker=f"w{number}") for number in range(4)]
    session, _ = await start(shells[0])
    await asyncio.gather(*(work(shell, hints(session, 12, 0.2)) for shell in shells))
    assert status(await shells[0].load(session)) == "completed"
    assert sorted(model.asked) == sorted(set(model.asked))


async def test_a_question_that_another_worker_took_up_anew_is_not_taken_from_it(
    store: PostgresEventStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find the lease of a dead worker over, the second of them when the first holds a new one."""
    time, dying, model = Time(), SlowModel(seconds=60.0), SlowModel(seconds=0.5)
    mortal = shell_of(store, Shop(), dying, time, worker="dying")
    mortal.drain_seconds = 0
    session, _ = await start(mortal)
    died = asyncio.create_task(drive(mortal, session))
    while not dying.asked:  # noqa: ASYNC110 - the model has no event for it
        await asyncio.sleep(0.02)
    died.cancel()
    await asyncio.wait([died])
    time.ahead = timedelta(hours=1)
    elsewhere = await PostgresEventStore.open(database)
    read, taken = stops_behind_reading(elsewhere, monkeypatch)
    second = asyncio.create_task(drive(shell_of(elsewhere, Shop(), model, time, worker="second"), session))
    await read.wait()
    first = asyncio.create_task(drive(shell_of(store, Shop(), model, time, worker="first"), session))
    while not model.asked:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    taken.set()
    await asyncio.gather(first, second)
    await elsewhere.close()
    assert sorted(model.asked) == sorted(set(model.asked))
    assert len(await events(store, session, LeaseLapsed)) == 1


async def test_many_wake_ups_of_one_session_leave_room_for_another(store: PostgresEventStore) -> None:
    slow = SlowModel(seconds=600.0)
    shell = replace(shell_of(store, Shop(), slow, Time()), drain_seconds=0.0)
    first, _ = await start(shell)
    second, _ = await start(shell)

    async def wakeups() -> AsyncIterator[Hint]:
        for _ in range(20):
            yield Hint(first)
            await asyncio.sleep(0.01)
        while not slow.asked:  # noqa: ASYNC110 - the model has no event for it
            await asyncio.sleep(0.01)
        slow.seconds = 0.0
        yield Hint(second)
        await asyncio.Event().wait()

    async with running_beside(work(shell, wakeups(), most=2)), asyncio.timeout(60):
        while status(await shell.load(second)) != "completed":  # noqa: ASYNC110 - nor has the log
            await asyncio.sleep(0.02)
    assert status(await shell.load(first)) != "completed"


async def test_an_approval_is_acted_upon_while_another_steps_model_is_still_thinking(store: PostgresEventStore) -> None:
    shop, model = Shop(), SlowModel(tool="order", steps=2, seconds=600.0, slow="purpose=choose step=2")
    shell = replace(shell_of(store, shop, model, Time()), drain_seconds=0.0)
    session, _ = await start(shell, limits=Limits(parallel_steps=2))
    driving = asyncio.create_task(drive(shell, session))
    while not await asks(shell, session):  # noqa: ASYNC110 - the log has no event for it
        await asyncio.sleep(0.02)
    await approve(shell, session)
    assert shell.nudge(session)
    async with asyncio.timeout(60):
        while not shop.received:  # noqa: ASYNC110 - the shop has no event for it
            await asyncio.sleep(0.02)
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)


async def asks(shell: Shell, session: UUID) -> bool:
    state = (await shell.load(session)).state
    return state is not None and any(isinstance(step.stage, Asking) for step in state.steps)


def test_a_session_that_cannot_be_driven_rests_longer_and_longer() -> None:
    failing, session = Failing(), uuid4()
    assert not failing.rests(session)
    failing.note(session)
    assert failing.rests(session)
    failing.forget(session)
    assert not failing.rests(session)


async def test_a_claim_that_the_log_took_while_it_did_not_answer_is_sent_under(store: PostgresEventStore) -> None:
    """Its worker has drafted another by then, with a lease of its own, which the log does not take any more."""
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    session, _ = await start(shell)
    shell.store = Late(store)
    assert status(await drive(shell, session)) == "completed"
    assert len(shop.received) == len(await events(store, session, CallAttempted)) == 1


class Late:
    """Be a log that takes a claim of a call only after it was given up, right before the next append."""

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store
        self._late: Sequence[LogEvent] | None = None

    def __getattr__(self, name: str) -> Any:
        """Be the log in everything else."""
        return getattr(self._store, name)

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append; the first claim of a call late."""
        if self._late is None and any(event.topic == topic_of(CallAttempted) for event in events):
            self._late = events
            raise Unavailable("whether the events were written is unknown")
        if self._late:
            await self._store.append(self._late)
            self._late = ()
        return await self._store.append(events)
