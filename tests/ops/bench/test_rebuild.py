"""Read models are rebuilt while a log is read and appended to: nobody notices, and the rows are the same."""

from adapters.embedded.postgres import PostgresServer
from ops.bench import rebuild, under_load
from ops.bootstrap.benches import rebuild_parts, under_load_parts


async def test_rebuilds_under_load_fail_no_read_and_end_equal(postgres: PostgresServer) -> None:
    names = ["timeline", "sessions", "tools"]
    figures = await under_load.run(postgres.url, under_load_parts(), names, events=3_000)
    assert (figures["failed_reads"], figures["differences"], figures["swapped"]) == (0, 0, True), figures
    rebuilds = figures["rebuilds"]
    assert isinstance(rebuilds, list) and [each["projection"] for each in rebuilds] == names
    assert all(each["reads"] > 10 and each["events"] >= 3_000 for each in rebuilds)


async def test_the_rebuild_is_measured_and_equal(postgres: PostgresServer) -> None:
    figures = await rebuild.run(postgres.url, rebuild_parts(), events=2_000, rounds=1)
    rate = figures["events_per_s"]
    assert isinstance(rate, int) and rate > 0 and figures["equal"]
