"""Perform cases through the real shell: some at once, and each command in the name of a person."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from commands.shell import Shell
from domain.envelope import Actor, Context

Case = TypeVar("Case")
Outcome = TypeVar("Outcome")


async def performed(
    perform: Callable[[Case], Awaitable[Outcome]], cases: Sequence[Case], progress: Callable[[int], None], at_once: int
) -> list[Outcome]:
    """Perform cases, so many at once; return what came of each, in their order. ``progress`` hears how many ended."""
    room, done = asyncio.Semaphore(at_once), 0

    async def one(case: Case) -> Outcome:
        nonlocal done
        async with room:
            outcome = await perform(case)
        done += 1
        progress(done)
        return outcome

    return await asyncio.gather(*(one(case) for case in cases))


def context_of(shell: Shell, tenant: str = "local", who: str = "user") -> Context:
    """Return what stands beside the command of a person, one of its own each time."""
    command = shell.chance.command_id()
    return Context(
        command_id=command,
        actor=Actor(kind="person", id=who),
        at=shell.clock.now(),
        correlation=command,
        tenant=tenant,
    )
