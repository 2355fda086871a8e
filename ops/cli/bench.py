"""Measure, each figure beside the machine's raw limit in the same run: `bench`."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

import click
import msgspec

from ops.bench import long as long_bench
from ops.bench import parallel as parallel_bench
from ops.bench import policy as policy_bench
from ops.bench import rebuild as rebuild_bench
from ops.bench import replay as replay_bench
from ops.bench import steps as steps_bench
from ops.bench import streams as streams_bench
from ops.bench import under_load as under_load_bench
from ops.bench import validate as validate_bench
from ops.bench import write as write_bench
from ops.bootstrap.benches import bench_parts, migrated_store
from ops.bootstrap.servers import Addresses, addresses
from ops.cli.output import Progress, json_wanted, result, say
from ops.cli.verb import settings, verb


@click.group()
def bench() -> None:
    """Measure; say on which machine, with which versions, and what is stubbed."""


@asynccontextmanager
async def _servers() -> AsyncIterator[Addresses]:
    """Use the configured Postgres, or an embedded one in a temporary folder; each bench makes a database of its own."""
    with TemporaryDirectory(prefix="reprise-bench-") as folder:
        loaded = settings()
        async with addresses(settings(data=folder) if not loaded.postgres_url else loaded, nats=False) as where:
            yield where


def _show(figures: dict[str, object]) -> None:
    if json_wanted():
        for line in json.dumps(figures["machine"], indent=2).splitlines():
            say(line)
    result(figures, lambda: shown(figures))


def shown(figures: dict[str, object]) -> str:
    """Lay out figures, one a line."""
    return "\n".join(f"{name:<24} {_text(value)}" for name, value in figures.items())


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {each}" for key, each in value.items())
    if isinstance(value, list):
        return "".join(f"\n  {_text(each)}" for each in value) or "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


@verb(bench)
@click.option("--compare", is_flag=True, help="Beside the eventsourcing library's own recorder.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
async def write(compare: bool, rounds: int) -> None:
    """Measure appends to the log."""
    async with _servers() as where:
        _show(await write_bench.run(where.postgres_url, migrated_store, compare=compare, rounds=rounds))


@verb(bench)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
async def steps(rounds: int) -> None:
    """Measure the whole loop with an in-process tool and model."""
    async with _servers() as where:
        _show(await steps_bench.run(where.postgres_url, bench_parts(), rounds=rounds))


@verb(bench)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
async def parallel(rounds: int) -> None:
    """Measure a plan of ten independent steps whose calls take 100 ms each, from the first to the last."""
    from ops.bootstrap.benches import parallel_parts

    loaded = settings()
    async with _servers() as where:
        _show(await parallel_bench.run(where.postgres_url, parallel_parts(loaded), rounds=rounds))


@verb(bench)
@click.option("--steps", "count", default=1_000, show_default=True, type=click.IntRange(20, 10_000))
async def long(count: int) -> None:
    """Measure one long session: bytes, time and prompts of its first steps and of its last, and its replay."""
    async with _servers() as where:
        _show(await long_bench.run(where.postgres_url, bench_parts(), steps=count))


@verb(bench)
@click.option("--decisions", default=100_000, show_default=True, type=click.IntRange(1, 10_000_000))
async def policy(decisions: int) -> None:
    """Measure verdicts by 200 rules, and a backtest of many recorded decisions."""
    drawn, judged = Progress("verdicts recorded"), Progress("events judged again")
    async with _servers() as where:
        figures = await policy_bench.run(
            where.postgres_url, bench_parts(), decisions=decisions, drawn=drawn, judged=judged
        )
        judged.end()
    _show(figures)


@verb(bench)
@click.option("--memories", default=10_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
async def recall(memories: int) -> None:
    """Measure what it takes to find memories one by one, and what an HNSW index would find of them."""
    from ops.bench import recall as recall_bench
    from ops.bootstrap.benches import recall_parts

    async with _servers() as where:
        _show(await recall_bench.run(where.postgres_url, recall_parts(), memories=memories))


@verb(bench)
@click.option("--rounds", default=51, show_default=True, type=click.IntRange(1, 1000))
async def replay(rounds: int) -> None:
    """Measure folding and deciding again."""
    _show(await replay_bench.run(rounds=rounds))


@verb(bench)
@click.option("--rounds", default=51, show_default=True, type=click.IntRange(1, 1000))
async def validate(rounds: int) -> None:
    """Measure the validation of 100 invoices: Stripe's where REPRISE_EVAL_DATA is set, else small ones of our own."""
    from ops.bootstrap.benches import validate_parts

    _show(await validate_bench.run(validate_parts(), data=os.environ.get("REPRISE_EVAL_DATA", ""), rounds=rounds))


@verb(bench)
@click.option("--events", type=click.IntRange(1_000, 10_000_000), help="So many; 200,000, under load 100,000.")
@click.option("--under-load", is_flag=True, help="Each read model, while 50 reads/s and 500 events/s go on.")
async def rebuild(events: int | None, under_load: bool) -> None:
    """Measure the rebuild of the timeline, or of each read model under load; equal to the live one row by row."""
    from ops.bootstrap import benches
    from ops.bootstrap.read_models import READ_MODEL_NAMES

    async with _servers() as where:
        url = where.postgres_url
        if under_load:
            parts = benches.under_load_parts()
            _show(await under_load_bench.run(url, parts, READ_MODEL_NAMES, events=events or 100_000))
        else:
            _show(await rebuild_bench.run(url, benches.rebuild_parts(), events=events or 200_000))


@verb(bench)
@click.option("--subscribers", default=500, show_default=True, type=click.IntRange(2, 5_000))
@click.option("--silent", default=50, show_default=True, type=click.IntRange(0, 5_000), help="So many never read.")
@click.option("--rate", default=500, show_default=True, type=click.IntRange(1, 5_000), help="Events a second in all.")
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(4, 3_600))
async def streams(subscribers: int, silent: int, rate: int, seconds: int) -> None:
    """Measure live streams: memory of the API, and how soon its subscribers have an event."""
    load = streams_bench.Load(subscribers=subscribers, silent=silent, events_per_s=rate, seconds=seconds)
    with TemporaryDirectory(prefix="reprise-bench-") as folder:
        own = msgspec.structs.replace(settings(data=folder), postgres_url="", nats_url="")
        async with addresses(own, nats=True) as where:
            _show(await streams_bench.run(where.postgres_url, where.nats_url, migrated_store, load))
