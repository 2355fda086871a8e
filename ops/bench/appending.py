"""Append small events to many sessions at a steady rate, in a process of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Protocol
from uuid import UUID

from commands.ports import LogEvent
from commands.shell import to_log
from domain.envelope import Actor, Event
from domain.session.events import SessionPaused
from ops.bench.histories import history

PADDING = "x" * 700
"""Makes an event about a kilobyte of JSON."""


class Store(Protocol):
    """Be an event store that can be closed."""

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events and return the log's position."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


OpenStore = Callable[[str], Awaitable[Store]]


def append_in_a_process(open_store: OpenStore, url: str, first: dict[UUID, int], rate: int, seconds: int) -> None:
    """Append ``rate`` events a second, to one session after the other; ``first`` says behind which versions."""
    asyncio.run(_append(open_store, url, first, rate, seconds))


async def _append(open_store: OpenStore, url: str, first: dict[UUID, int], rate: int, seconds: int) -> None:
    store, versions, sessions = await open_store(url), dict(first), list(first)
    began = time.monotonic()
    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(rate * seconds):
                await asyncio.sleep(began + number / rate - time.monotonic())
                session = sessions[number % len(sessions)]
                versions[session] += 1
                tasks.create_task(_append_tick(store, session, versions[session]))
    finally:
        await store.close()


async def _append_tick(store: Store, session: UUID, version: int) -> None:
    await store.append(tick(session, version))


def tick(session: UUID, version: int, padding: str = PADDING) -> list[LogEvent]:
    """Return an event for a version of a session that says when it was made, in nanoseconds."""
    event = Event(
        id=UUID(int=Random().getrandbits(128), version=4).hex,
        kind="fact",
        data=SessionPaused(reason=f"tick-{version}-{time.monotonic_ns()}-{padding}"),
        actor=Actor(kind="person", id="bench"),
        at=datetime.now(UTC),
        correlation=str(session),
    )
    return to_log(session, version - 1, [event])


async def begin_sessions(store: Store, count: int) -> dict[UUID, int]:
    """Submit a goal to each of so many new sessions, and return their versions."""
    draw, versions = Random(1), dict[UUID, int]()
    for _ in range(count):
        session = UUID(int=draw.getrandbits(128), version=4)
        events = next(history(draw, session, steps=1))
        await store.append(to_log(session, 0, events))
        versions[session] = len(events)
    return versions
