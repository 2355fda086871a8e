"""Measure the rebuild of a read model, beside the live one, and hold the two against each other row by row.

Nothing is stubbed: the sessions come from the product's own rules and random draws, they are appended to a real log,
the live read model is projected from it, and the rebuild runs the same code over the whole log.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Protocol
from uuid import UUID

from commands.ports import LogEvent
from commands.shell import to_log
from ops.bench.histories import SMOOTH, history
from ops.bench.machine import machine
from ops.scratch import scratch_database
from projections.building import Build

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


@dataclass(frozen=True)
class Parts:
    """Hold what is measured; each takes a database's URL, all but the first a read model's name too.

    ``open_store`` migrates the database first. ``project`` brings the live read model up to the log's head;
    ``rebuild`` is told besides whether it shall compare only.
    """

    open_store: Callable[[str], Awaitable[Store]]
    project: Callable[[str, str], Awaitable[None]]
    rebuild: Callable[[str, str, bool], Awaitable[Build]]


async def run(url: str, parts: Parts, *, events: int = 200_000, rounds: int = 3) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; ``events_per_s`` is the median of the rebuilds."""
    with scratch_database(url) as scratch:
        written = await fill(await parts.open_store(scratch), events)
        await parts.project(scratch, READ_MODEL)
        builds = [await parts.rebuild(scratch, READ_MODEL, False) for _ in range(rounds)]
        builds.append(await parts.rebuild(scratch, READ_MODEL, True))
    return {
        "machine": machine(),
        "stubbed": STUBBED,
        "read_model": READ_MODEL,
        "events": written,
        "rounds": rounds,
        "events_per_s": round(median(map(_rate, builds))),
        "seconds_with_comparison_and_swap": round(median(map(_seconds, builds[:-1])), 2),
        "equal": all(build.differences == 0 for build in builds),
    }


def _rate(build: Build) -> float:
    """Return how many events a second were projected until the tables were filled and indexed."""
    assert build.started_at and build.filled_at, "it has ended"
    return build.position / (build.filled_at - build.started_at).total_seconds()


def _seconds(build: Build) -> float:
    assert build.started_at and build.finished_at, "it has ended"
    return (build.finished_at - build.started_at).total_seconds()


async def fill(store: Store, events: int) -> int:
    """Append sessions until the log has that many events; return how many it has."""
    written, unit = 0, list[LogEvent]()
    try:
        for event in events_of_sessions():
            unit.append(event)
            if len(unit) == UNIT_EVENTS:
                written, unit = await store.append(unit), []
            if written >= events:
                return written
        return written
    finally:
        await store.close()


def events_of_sessions(seed: int = 1, catalog: str = "c" * 64) -> Iterator[LogEvent]:
    """Draw sessions for ever, whole ones, one after the other; each pinned that catalogue."""
    draw = Random(seed)
    while True:
        session = UUID(int=draw.getrandbits(128), version=4)
        told = history(draw, session, steps=draw.randint(2, 8), trouble=SMOOTH, catalog=catalog)
        yield from to_log(session, 0, [event for append in told for event in append])
