"""The write benchmark answers the figures that are promised, from real appends in a database of its own."""

import psycopg

from adapters.embedded.postgres import PostgresServer
from adapters.postgres.migrations import migrate
from adapters.postgres.store import PostgresEventStore
from ops.bench.write import run


async def _open(url: str) -> PostgresEventStore:
    await migrate(url)
    return await PostgresEventStore.open(url)


async def test_the_write_benchmark_measures_every_promised_figure(postgres: PostgresServer) -> None:
    figures = await run(postgres.url, _open, compare=True, rounds=1, seconds=0.2)
    promised = {"appends_per_s", "p95_ms", "events_per_s", "recorder_appends_per_s", "copy_rows_per_s"}
    assert promised | {"raw_insert_per_s", "machine", "stubbed"} <= figures.keys()
    assert all(isinstance(figures[name], float) and figures[name] > 0 for name in promised)  # type: ignore[operator]


async def test_the_write_benchmark_leaves_no_database_behind(postgres: PostgresServer) -> None:
    figures = await run(postgres.url, _open, compare=False, rounds=1, seconds=0.1)
    assert "recorder_appends_per_s" not in figures
    async with await psycopg.AsyncConnection.connect(postgres.url) as owner:
        found = await owner.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'bench%'")
        assert await found.fetchall() == [(0,)]
