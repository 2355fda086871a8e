"""Run a worker: take wake-ups, drive the sessions they name, and look after timers and lost wake-ups."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from commands.current import about
from commands.perform import drive
from commands.ports import OpenWork
from commands.shell import Shell
from domain.errors import Unavailable

GRACE = timedelta(seconds=1)
"""How long the worker that has a session in hand gets before a due timer counts as forgotten."""

logger = logging.getLogger(__name__)


class Wakeup(Protocol):
    """Be one received hint."""

    @property
    def session(self) -> UUID:
        """Name the session that may owe something."""
        ...

    async def ack(self) -> None:
        """Say that the session was driven."""
        ...

    async def in_progress(self) -> None:
        """Say that the session is still being driven."""
        ...


async def work(shell: Shell, wakeups: AsyncIterator[Wakeup], *, most: int = 256, heartbeat: float = 10.0) -> None:
    """Drive sessions as wake-ups come in, at most so many at a time, until cancelled."""
    slots, failing = asyncio.Semaphore(most), Failing()
    async with asyncio.TaskGroup() as tasks:
        async for wakeup in wakeups:
            if shell.nudge(wakeup.session) or failing.rests(wakeup.session):
                await wakeup.ack()  # it is in hand already, or comes up again from its open work
                continue
            await slots.acquire()
            task = tasks.create_task(_drive(shell, wakeup, heartbeat, failing))
            task.add_done_callback(lambda _: slots.release())


class Failing:
    """Remember which sessions could not be driven, to rest each a while: 2 s, 4 s, … up to a minute."""

    def __init__(self) -> None:
        self._times: dict[UUID, int] = {}
        self._until: dict[UUID, float] = {}

    def rests(self, session: UUID) -> bool:
        """Tell whether a session rests now."""
        return time.monotonic() < self._until.get(session, 0.0)

    def note(self, session: UUID) -> None:
        """Let a session rest that has just failed."""
        self._times[session] = self._times.get(session, 0) + 1
        self._until[session] = time.monotonic() + min(60.0, 2.0 ** self._times[session])

    def forget(self, session: UUID) -> None:
        """Forget a session that went well."""
        self._times.pop(session, None)
        self._until.pop(session, None)


async def _drive(shell: Shell, wakeup: Wakeup, heartbeat: float, failing: Failing) -> None:
    """Drive one session to where nothing more is due."""
    with about(wakeup.session):
        beat = asyncio.create_task(_beat(wakeup, heartbeat))
        try:
            await drive(shell, wakeup.session)
            failing.forget(wakeup.session)
        except Unavailable as fault:
            logger.warning("session %s has to wait: %s", wakeup.session, fault)
        except Exception:
            # One broken session must not stop the others; its open work stays on record and comes up again.
            failing.note(wakeup.session)
            logger.exception("session %s could not be driven", wakeup.session)
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        await wakeup.ack()


async def _beat(wakeup: Wakeup, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await wakeup.in_progress()


async def sweep(shell: Shell, open_work: OpenWork, *, every: float = 1.0, most: int = 500) -> None:
    """Wake sessions whose timers are due or whose wake-up was lost, for ever."""
    while True:
        try:
            for due in await open_work.due(shell.clock.now() - GRACE, most):
                await shell.wakeups.wake(due.session, due.lane)
        except Unavailable as fault:
            logger.warning("timers cannot be read now: %s", fault)
        await asyncio.sleep(every)
