"""Rebuild each read model while a log is appended to and read from, and count what readers notice of it.

Nothing is stubbed: a projector in a process of its own keeps the live read models and carries out the rebuilds; this
process appends and reads at fixed rates, and asks for one rebuild after the other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import perf_counter

from ops.bench.loading import Load, Noticed, Opened
from ops.bench.machine import machine
from ops.bench.rebuild import Store, fill
from ops.scratch import scratch_database
from projections.building import Build, Builds

STUBBED = "nothing: real log, real read models, a projector in a process of its own; the sessions are drawn at random"
PATIENCE_SECONDS = 600.0
WITHOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Parts:
    """Hold what is measured; each takes a database's URL.

    ``open_store`` migrates the database first. ``projector`` runs one that has projected the log when it is entered.
    """

    open_store: Callable[[str], Awaitable[Store]]
    opened: Callable[[str], AbstractAsyncContextManager[Opened]]
    projector: Callable[[str], AbstractAsyncContextManager[None]]


async def run(
    url: str,
    parts: Parts,
    names: Sequence[str],
    *,
    events: int = 100_000,
    reads_per_s: int = 50,
    events_per_s: int = 500,
) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; each read model is rebuilt once, over all events."""
    with scratch_database(url) as scratch:
        await fill(await parts.open_store(scratch), events)
        async with parts.projector(scratch), parts.opened(scratch) as opened:
            load = Load(opened, reads_per_s, events_per_s)
            async with load.running():
                before = await _without_rebuild(load, names[0])
                rebuilds = [await _rebuilt(opened, load, name) for name in names]
    return {
        "machine": machine(),
        "stubbed": STUBBED,
        "events": events,
        "events_appended_meanwhile": load.appended,
        "reads": sum(_number(each, "reads") for each in rebuilds),
        "failed_reads": sum(_number(each, "failed_reads") for each in rebuilds),
        "differences": sum(abs(_number(each, "differences")) for each in rebuilds),
        "swapped": all(each["swapped"] for each in rebuilds),
        "p95_read_ms_without_rebuild": before,
        "rebuilds": rebuilds,
    }


async def _without_rebuild(load: Load, name: str) -> float:
    """Return the 95th percentile of reads while nothing is rebuilt, in milliseconds."""
    noticed = load.watch(name)
    await asyncio.sleep(WITHOUT_SECONDS)
    return _p95_ms(noticed)


async def _rebuilt(opened: Opened, load: Load, name: str) -> dict[str, object]:
    noticed, before, began = load.watch(name), load.appended, perf_counter()
    await opened.builds.request(name, check=False, by="bench")
    build = await _ended(opened.builds, name)
    seconds = perf_counter() - began
    return {
        "projection": name,
        "seconds": round(seconds, 2),
        "events": build.position,
        "swapped": build.state == "done",
        "differences": -1 if build.differences is None else build.differences,
        "reads": len(noticed.seconds) + len(noticed.errors),
        "failed_reads": len(noticed.errors),
        "errors": noticed.errors[:3],
        "p95_read_ms": _p95_ms(noticed),
        "reads_per_s": round(len(noticed.seconds) / seconds, 1),
        "events_per_s": round((load.appended - before) / seconds, 1),
    }


async def _ended(builds: Builds, name: str) -> Build:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (build := await builds.newest(name)).ended:  # noqa: ASYNC110 - a projector elsewhere does it
            await asyncio.sleep(0.1)
    return build


def _p95_ms(noticed: Noticed) -> float:
    seconds = sorted(noticed.seconds)
    return round(1_000 * seconds[int(0.95 * len(seconds))], 1) if seconds else 0.0


def _number(figures: dict[str, object], name: str) -> int:
    value = figures[name]
    assert isinstance(value, int), name
    return value
