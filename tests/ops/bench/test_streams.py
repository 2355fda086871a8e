"""The benchmark of live streams measures what it says."""

from uuid import uuid4

import pytest

from adapters.embedded.nats import NatsServer
from ops.bench.streams import Load, run, subscribers
from ops.bootstrap.benches import migrated_store


async def test_every_subscriber_that_reads_gets_everything(
    database: str, fresh_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.bench.streams.LATE_SECONDS", 120.0)
    load = Load(subscribers=8, silent=2, events_per_s=40, seconds=2)
    figures = await run(database, fresh_nats.url, migrated_store, load)
    assert (figures["delivered"], figures["lost"], figures["out_of_order_or_twice"]) == (60, 0, 0)


def test_those_who_never_read_are_spread_over_both_kinds() -> None:
    watchers = subscribers([uuid4() for _ in range(500)], 50)
    silent = [watcher.kind for watcher in watchers if not watcher.reads]
    assert len(silent) == 50 and silent.count("sse") == 25
    assert [watcher.reads for watcher in subscribers([uuid4() for _ in range(4)], 0)] == [True] * 4
