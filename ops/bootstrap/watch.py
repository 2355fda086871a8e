"""Compose what tells others how a process is: probes of its parts, and metrics."""

from collections import Counter
from typing import TYPE_CHECKING

from nats.aio.client import Client

from adapters.nats.connection import FAULTS
from adapters.nats.relay import lag
from commands.counting import cache_counts
from commands.shell import Shell
from domain.breaker import refused_until
from domain.errors import Unavailable
from ops.bootstrap.core import Core
from queries.freshness import reached
from queries.measures import measures
from queries.projections import list_projections

if TYPE_CHECKING:
    from adapters.telemetry.gauges import Sample
    from adapters.telemetry.metrics import Metrics
    from api.watching import Probe, Watched

FAR_EVENTS = 10_000
"""How far the relay and the read models may be behind the log and still count as keeping up."""
PING_SECONDS = 1


def watch(core: Core) -> "Watched":
    """Count what this process does from now on, and return where to ask for that and for its parts."""
    from api.watching import Watched  # what only whoever serves needs takes its time to import

    metrics = _metrics(core)
    core.shell.listeners.append(metrics.heard)
    return Watched(probes=_probes(core), watch=metrics)


def _probes(core: Core) -> "dict[str, Probe]":
    """Return a probe of each part, those first that others stand on."""

    async def nats() -> None:
        await _ping(core.wired)

    async def relay() -> None:
        _check_near("the relay", await lag(core.store, core.wired))

    async def read_models() -> None:
        head = await core.store.head()
        _check_near("the slowest read model", head - await reached(core.reads))

    return {"log": core.store.head, "nats": nats, "relay": relay, "read-models": read_models}


async def _ping(client: Client) -> None:
    if not client.is_connected:  # then nats-py would ask nobody, and call that a success
        raise Unavailable("Expected NATS to answer, but the connection is lost; it is tried again.")
    try:
        await client.flush(PING_SECONDS)
    except FAULTS as fault:
        raise Unavailable(f"Expected NATS to answer within {PING_SECONDS} s, but it did not: {fault}.") from fault


def _check_near(what: str, behind: int) -> None:
    if behind > FAR_EVENTS:
        raise Unavailable(f"Expected {what} to keep up with the log, but it is {behind} events behind: wait.")


def _metrics(core: Core) -> "Metrics":
    from adapters.telemetry.metrics import Metrics

    async def log() -> "list[Sample]":
        return [("log_head", "", await core.store.head())]

    async def nats() -> "list[Sample]":
        return [("relay_lag_events", "", await lag(core.store, core.wired))]

    async def read_models() -> "list[Sample]":
        lags = [("projection_lag_events", each.name, float(each.lag)) for each in await list_projections(core.reads)]
        return lags + [(each.name, each.label, each.value) for each in await measures(core.reads)]

    async def process() -> "list[Sample]":
        return [*_breakers(core.shell), *_caches(core.shell), *_spans(core), *_skipped(core)]

    return Metrics({"log": log, "nats": nats, "read-models": read_models, "process": process})


def _breakers(shell: Shell) -> "list[Sample]":
    now = shell.clock.now()
    states = Counter(
        "failing" if each.open_until is None else "open" if refused_until(each, now) else "half-open"
        for each in shell.breakers
    )
    return [("breakers", state, states[state]) for state in ("failing", "open", "half-open")]


def _caches(shell: Shell) -> "list[Sample]":
    return [
        sample
        for each in cache_counts(shell)
        for sample in (
            ("cache_hits", each.name, each.hits),
            ("cache_misses", each.name, each.misses),
            ("cache_entries", each.name, each.entries),
        )
    ]


def _spans(core: Core) -> "list[Sample]":
    told = core.tracing
    if told is None:
        return []
    outcomes = {"exported": told.exported, "failed": told.failed, "dropped": told.dropped}
    return [("spans", outcome, count) for outcome, count in outcomes.items()]


def _skipped(core: Core) -> "list[Sample]":
    return [("projection_skipped_events", "", skipped.total()) for skipped in core.skipped]
