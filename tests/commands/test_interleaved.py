"""Workers that get in each other's way, on a real log: whatever they see when, all that was asked is built again."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.backtest import backtest
from commands.budgets import set_limits
from commands.catalogue import Catalogue
from commands.handle import handle
from commands.perform import drive
from commands.ports import LogNotification, Question, Reply, ToolCall, ToolFault
from commands.prompts import prompts_of
from commands.replaying import replay_session
from commands.shell import Shell
from domain.budget.amounts import Ceilings
from domain.encoding import foreign
from domain.envelope import Event
from domain.errors import Conflict, Refused
from domain.session.commands import PauseSession, ResumeSession
from domain.session.events import LeaseLapsed, Limits, ModelCallAttempted, PlanRevised
from domain.session.state import Dropped, Session
from domain.upcasting import Unknown, read_session
from tests.commands.parts import TASK, Model, Shop, Time, context, events, shell_of, start

LIMITS = Limits(
    retry_base_ms=1,
    retry_cap_ms=2,
    replans=3,
    parallel_steps=4,
    model_attempts=9,
    call_attempts=9,
    model_timeout_ms=200,
    attempt_timeout_ms=200,
    reply_tokens=10,
)
PLAN: list[dict[str, Any]] = [
    {"goal": "fail at once"},
    {"goal": "find out", "agent": "researcher"},
    {"goal": "look"},
    {"goal": "look there"},
    {"goal": "look again", "after": [1, 3]},
]
ANOTHER: list[dict[str, Any]] = [
    {"goal": "another way", "after": [3], "instead": 5},
    {"goal": "read what was found", "after": [2]},
]


@dataclass
class Thinking(Model):
    """Be a model that takes its time: a step is rejected, a researcher looks twice, and there is another way."""

    dice: random.Random = field(default_factory=random.Random)

    async def ask(self, question: Question) -> Reply:
        """Answer after a while."""
        await asyncio.sleep(self.dice.random() * 0.03)
        task = TASK.search(question.prompt.messages[-1].text)
        assert task is not None
        said = self._says(task[1], int(task[2]), int(task[3]))
        if said is None:
            return await super().ask(question)
        return Reply(text=bytes(foreign(said)).decode(), tokens_in=1, tokens_out=1, latency_ms=1)

    def _says(self, purpose: str, step: int, round_: int) -> Any:
        match purpose, step:
            case "plan", _:
                return {"steps": PLAN}
            case "replan", _:
                return {"steps": ANOTHER}
            case "choose", 1:
                return {"result": "nothing was done"}
            case "review", 1:
                return {"verdict": "fail", "reason": "nothing was"}
            case "choose", 2 if round_ > 2:
                return {"findings": [{"claim": "So it is.", "calls": ["call-2-1"]}]}
            case "choose", 2:
                return {"tool": "look", "arguments": {"body": {"round": round_}}}
            case _:
                return None


class Far:
    """Be a log that is far away: what is read from it may be old when it arrives."""

    def __init__(self, store: PostgresEventStore, dice: random.Random) -> None:
        self._store, self._dice = store, dice

    def __getattr__(self, name: str) -> Any:
        """Be the log in everything else."""
        return getattr(self._store, name)

    async def read_stream(self, stream: UUID, after: int = 0) -> Sequence[LogNotification]:
        """Read, and be on the way for a while."""
        rows = await self._store.read_stream(stream, after)
        await asyncio.sleep(self._dice.random() * 0.03)
        return rows


@dataclass
class Busy(Shop):
    """Be a shop that takes its time, and does not always answer at once."""

    dice: random.Random = field(default_factory=random.Random)

    async def send(self, call: ToolCall, **more: Any) -> Any:
        """Answer after a while, or fail."""
        await asyncio.sleep(self.dice.random() * 0.03)
        if self.dice.random() < 0.2:
            raise ToolFault("unanswered", "trouble")
        return await super().send(call, **more)


@pytest.mark.parametrize("seed", range(8))
async def test_all_that_was_asked_and_judged_comes_out_again(store: PostgresEventStore, seed: int) -> None:
    dice, time = random.Random(seed), Time()
    shells = [shell_of(store, Busy(dice=dice), Thinking(dice=dice), time, worker=f"w{number}") for number in range(3)]
    for shell in shells:
        shell.store = Far(store, dice)  # type: ignore[assignment]
        shell.drain_seconds, shell.lease_margin_ms = 0, 50
        shell.breaker_settings = replace(shell.breaker_settings, failures=100)
    session, _ = await start(shells[0], limits=LIMITS)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        workers = [tasks.create_task(dying(shell, session, dice)) for shell in shells]
        meddler = tasks.create_task(meddling(shells[0], session, dice))
        await asyncio.gather(*workers)
        meddler.cancel()
    assert await events(store, session, PlanRevised)
    replayed = await replay_session(store, session, execute=True)
    assert (replayed.divergences, replayed.unchecked) == ((), 0)
    state = await state_of(shells[0], session)
    for number in (0, *(step.number for step in state.steps if not isinstance(step.stage, Dropped))):
        assert all(each.recorded in ("", each.digest) for each in await prompts_of(store, session, number))
    assert (await backtest(shells[0], "local", shells[0].judge.default)).flipped == 0
    await nobody_was_disturbed(store, session)


async def dying(shell: Shell, session: UUID, dice: random.Random) -> None:
    """Drive a session to its end, and now and then die on the way."""
    while not (await state_of(shell, session)).ended:
        driving = asyncio.create_task(drive(shell, session))
        await asyncio.wait([driving], timeout=0.02 + dice.random() * 0.4)
        driving.cancel()
        await asyncio.wait([driving])
        if not driving.cancelled():
            driving.result()


async def meddling(shell: Shell, session: UUID, dice: random.Random) -> None:
    """Pause and resume, and limit what may be spent."""
    while True:
        await asyncio.sleep(dice.random() * 0.3)
        for command in (PauseSession(), ResumeSession()):
            try:
                await handle(shell, session, command, context())
            except (Refused, Conflict):
                break
            await asyncio.sleep(dice.random() * 0.02)
        if dice.random() < 0.3:
            await limited(shell)


async def limited(shell: Shell) -> None:
    await set_limits(
        Catalogue(shell),
        shell,
        account="tenant",
        limits=Ceilings(tokens=10**7),
        period="total",
        currency="",
        reason="tests",
        context=context(),
    )


async def state_of(shell: Shell, session: UUID) -> Session:
    state = (await shell.load(session)).state
    assert state is not None
    return state


async def nobody_was_disturbed(store: PostgresEventStore, session: UUID) -> None:
    """Expect that nobody took up a question that another had in hand."""
    leases: dict[tuple[str, int], datetime] = {}
    for row in await store.read_stream(session):
        event = read_session(row.topic, row.state)
        match None if isinstance(event, Unknown) else event.data:
            case ModelCallAttempted(call=call, attempt=attempt, lease_until=until):
                assert (call, attempt) not in leases
                leases[call, attempt] = until
            case LeaseLapsed(call=call, attempt=attempt) if (call, attempt) in leases:
                assert isinstance(event, Event) and leases.pop((call, attempt)) <= event.at
            case _:
                pass
