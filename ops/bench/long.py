"""Measure one long session: does a late step cost more than an early one, in bytes, in time or in its prompts?

The loop is that of the benchmark of steps, with the same stubs: each step waits for the one before and is shown its
result.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, quantiles
from time import perf_counter
from uuid import UUID

from commands.perform import drive
from commands.ports import EventStore
from commands.replaying import pinned_snapshots, read_rows, replay_session
from domain.catalog.state import Snapshot
from domain.prompting.fitting import fitted
from domain.replay import Row
from domain.session.events import ModelCallAttempted
from domain.session.evolve import evolve
from domain.session.planning import pending_model_call
from domain.session.prompt import prompt
from domain.session.state import Session
from domain.upcasting import Unknown, read_session
from ops.bench.machine import machine
from ops.bench.raw import server_version
from ops.bench.steps import STUBBED, Parts, StubModel, start_sessions, stubbed_shell
from ops.scratch import scratch_database

STARTED = "session.step-started.v1"


async def run(url: str, parts: Parts, *, steps: int = 1_000) -> dict[str, object]:
    """Measure a session of so many steps on a scratch database of the server at ``url``."""
    with scratch_database(url) as scratch:
        store = await parts.open_store(scratch)
        try:
            figures = await measure(store, parts, steps)
        finally:
            await store.close()
        server = await asyncio.to_thread(server_version, scratch)
    return {"machine": machine() | {"postgres": server}, "stubbed": STUBBED, **figures}


async def measure(store: EventStore, parts: Parts, steps: int) -> dict[str, object]:
    """Run a session and return its figures; first and last are each a tenth of its steps."""
    shell, portion = stubbed_shell(store, parts, steps), max(2, steps // 10)
    (session,) = await start_sessions(shell, parts, 1, steps)
    await drive(shell, session)
    assert isinstance(shell.models, StubModel)
    (begun,) = shell.models.begun.values()
    times = [(later - earlier) * 1000 for earlier, later in pairwise(begun)]
    rows = await read_rows(store, session)
    sizes = _bytes_of_steps(rows)
    first, last = sum(sizes[1 : portion + 1]) / portion, sum(sizes[-portion - 1 : -1]) / portion
    built = await _prompt_times(store, session)
    replayed = await replay_session(store, session, execute=True)
    return {
        "steps": steps,
        "events": replayed.events,
        "bytes_per_step_first": round(first),
        "bytes_per_step_last": round(last),
        "bytes_last_to_first": round(last / first, 3),
        "prompt_p95_ms_first": _p95(built[:portion]),
        "prompt_p95_ms_last": _p95(built[-portion:]),
        "step_ms_first": round(median(times[:portion]), 2),
        "step_ms_last": round(median(times[-portion:]), 2),
        "decided": replayed.decided,
        "unchecked": replayed.unchecked,
        "identical": not replayed.divergences and replayed.state_digest == replayed.replay_digest,
    }


def _bytes_of_steps(rows: Sequence[Row]) -> list[int]:
    bounds = [index for index, row in enumerate(rows) if row.topic == STARTED]
    return [
        sum(len(row.state) for row in rows[start:end])
        for start, end in zip(bounds, [*bounds[1:], len(rows)], strict=True)
    ]


async def _prompt_times(store: EventStore, session: UUID) -> list[float]:
    """Return how many milliseconds each question of a step took to be fitted and built, in their order."""
    rows = await read_rows(store, session)
    (_, catalog), *_ = await pinned_snapshots(store, rows)
    assert catalog is not None, "a session pins what it may use"
    return await asyncio.to_thread(_build_all, rows, catalog)


def _build_all(rows: Sequence[Row], catalog: Snapshot) -> list[float]:
    state: Session | None = None
    times = []
    for row in rows:
        event = read_session(row.topic, row.state)
        if isinstance(event, Unknown):
            continue
        state = evolve(state, event.data, event.at)
        if isinstance(event.data, ModelCallAttempted) and state is not None:
            model, step = pending_model_call(state, event.data.call)
            if model and step:
                started = perf_counter()
                fitted(state, model, catalog)
                prompt(state, model, catalog)
                times.append((perf_counter() - started) * 1000)
    return times


def _p95(times: Sequence[float]) -> float:
    return round(quantiles(times, n=20)[-1], 3)
