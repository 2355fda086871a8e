"""A long session costs a late step no more than an early one: the short version of `reprise bench long`."""

from ops.bench.long import measure
from ops.bootstrap.benches import bench_parts


async def test_late_steps_store_no_more_than_early_ones_and_the_session_replays_identically(database: str) -> None:
    parts = bench_parts()
    store = await parts.open_store(database)
    try:
        figures = await measure(store, parts, 100)
    finally:
        await store.close()
    assert figures["identical"] and figures["unchecked"] == 0
    ratio = figures["bytes_last_to_first"]
    assert isinstance(ratio, float) and abs(ratio - 1) < 0.1
