"""Measure the rebuild of a read model, beside the live one, and hold the two against each other row by row.

Nothing is stubbed: the sessions come from the product's own rules and random draws, they are appended to a real log,
the live read model is projected from it, and the rebuild runs the same code over the whole log.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Protocol
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from commands.ports import LogEvent
from commands.shell import to_log
from ops.bench.histories import SMOOTH, history
from ops.bench.machine import machine

STUBBED = "nothing: real log, real read models; the sessions are drawn at random by the product's own rules"
READ_MODEL = "timeline"
UNIT_EVENTS = 1_000


class Store(Protocol):
    """Be an event store that can be closed."""

    async def append(self, events: list[LogEvent]) -> int:
        """Append events and return the log's position."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class Rebuilt(Protocol):
    """Say what a rebuild did."""

    @property
    def events(self) -> int:
        """Return how many events it read."""
        ...

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        ...

    @property
    def differences(self) -> tuple[str, ...] | None:
        """Return the rows that only one of the two forms has, None where they cannot be compared."""
        ...


@dataclass(frozen=True)
class Parts:
    """Hold what is measured; each takes a database's URL, all but the first a read model's name too.

    ``open_store`` migrates the database first. ``project`` brings the live read model up to the log's head.
    """

    open_store: Callable[[str], Awaitable[Store]]
    project: Callable[[str, str], Awaitable[None]]
    rebuild: Callable[[str, str], Awaitable[Rebuilt]]
    compare: Callable[[str, str], Awaitable[Rebuilt]]


async def run(url: str, parts: Parts, *, events: int = 200_000, rounds: int = 3) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; ``events_per_s`` is the median of the rebuilds."""
    with _scratch_database(url) as scratch:
        written = await _fill(await parts.open_store(scratch), events)
        await parts.project(scratch, READ_MODEL)
        differences = (await parts.compare(scratch, READ_MODEL)).differences
        rates = sorted([await _rate(parts, scratch) for _ in range(rounds)])
        after = (await parts.compare(scratch, READ_MODEL)).differences
    return {
        "machine": machine(),
        "stubbed": STUBBED,
        "read_model": READ_MODEL,
        "events": written,
        "rounds": rounds,
        "events_per_s": round(rates[len(rates) // 2]),
        "equal": differences == after == (),
    }


async def _rate(parts: Parts, url: str) -> float:
    rebuilt = await parts.rebuild(url, READ_MODEL)
    return rebuilt.events / rebuilt.seconds


async def _fill(store: Store, events: int) -> int:
    """Append sessions until the log has that many events; return how many it has."""
    written, unit = 0, list[LogEvent]()
    try:
        for event in _events():
            unit.append(event)
            if len(unit) == UNIT_EVENTS:
                written, unit = await store.append(unit), []
            if written >= events:
                return written
        return written
    finally:
        await store.close()


def _events() -> Iterator[LogEvent]:
    draw = Random(1)
    while True:
        session = UUID(int=draw.getrandbits(128), version=4)
        told = history(draw, session, steps=draw.randint(2, 8), trouble=SMOOTH)
        yield from to_log(session, 0, [event for append in told for event in append])


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
