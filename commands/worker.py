"""Run a worker: take wake-ups, drive the sessions they name, and look after timers and lost wake-ups."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

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
    slots = asyncio.Semaphore(most)
    driven: dict[UUID, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as tasks:
        async for wakeup in wakeups:
            await slots.acquire()
            task = tasks.create_task(_drive(shell, wakeup, driven.get(wakeup.session), heartbeat))
            driven[wakeup.session] = task
            task.add_done_callback(partial(_release, slots, driven, wakeup.session))


def _release(
    slots: asyncio.Semaphore, driven: dict[UUID, asyncio.Task[None]], key: UUID, done: asyncio.Task[None]
) -> None:
    slots.release()
    if driven.get(key) is done:
        del driven[key]


async def _drive(shell: Shell, wakeup: Wakeup, before: asyncio.Task[None] | None, heartbeat: float) -> None:
    """Drive one session, after an earlier drive of it by this worker has ended."""
    beat = asyncio.create_task(_beat(wakeup, heartbeat))
    try:
        if before:
            await asyncio.wait([before])
        await drive(shell, wakeup.session)
    except Unavailable as fault:
        logger.warning("session %s has to wait: %s", wakeup.session, fault)
    except Exception:
        # One broken session must not stop the others; its open work stays on record and comes up again.
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
