"""Compose what benchmarks measure."""

import sys
from asyncio import create_subprocess_exec, gather, run
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_hex
from typing import Any

from adapters.keys.master import Master
from adapters.keys.ring import SessionKeyRing
from adapters.openapi.reading.api import dialect_of
from adapters.openapi.reading.text import read_text
from adapters.openapi.schemas.compiled import Compiled
from adapters.openapi.schemas.conversion import Conversion
from adapters.openapi.schemas.values import read_value
from adapters.openapi.schemas.words import Words
from adapters.policy.cedar import CedarJudge
from adapters.postgres.follower import LogFollower
from adapters.postgres.memories import PostgresMemories
from adapters.postgres.migrations import migrate
from adapters.postgres.read_models.builds import PostgresBuilds
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.read_models.schemas import make_missing, seeing
from adapters.postgres.read_models.watching import rebuild, take_builds
from adapters.postgres.store import PostgresEventStore
from adapters.system import SystemChance, SystemClock
from commands.redaction import Redactor
from domain.errors import Unavailable
from ops.bench import parallel, recall, steps, under_load, validate
from ops.bench import rebuild as rebuilding
from ops.bench.loading import Opened
from ops.bootstrap.core import open_core
from ops.bootstrap.redaction import EVERY
from ops.bootstrap.servers import Addresses
from ops.settings import Settings
from projections.registry import READ_MODELS
from projections.runner import Projector


async def migrated_store(url: str) -> PostgresEventStore:
    """Migrate a database and open its log."""
    await migrate(url)
    return await PostgresEventStore.open(url)


def bench_parts() -> steps.Parts:
    """Return what the benchmark of the loop is composed of."""
    return steps.Parts(
        open_store=migrated_store,
        judge=CedarJudge(),
        clock=SystemClock(),
        chance=SystemChance(),
        redactor=lambda store: Redactor(EVERY, SessionKeyRing(Master(token_hex()), store.session_keys)),
    )


def parallel_parts(settings: Settings) -> parallel.Opening:
    """Return what opens a process for the benchmark of parallel steps on a database that it migrates first."""

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[parallel.Opened]:
        await migrate(url)
        async with open_core(settings, Addresses(postgres_url=url), "bench", needs_nats=False) as core:
            yield parallel.Opened(core.shell, core.catalogue, core.documents)

    return opened


def validate_parts() -> validate.Parts:
    """Return what the benchmark of validation is composed of."""
    return validate.Parts(read_tree=read_text, read_value=read_value, judges=_judges)


def _judges(tree: dict[str, Any], schema: Any, size: int) -> tuple[validate.Judge, validate.Judge]:
    whole = Conversion(tree, dialect=dialect_of(tree), direction="response").whole(schema)
    return partial(Compiled(whole).problems, size=size), Words(whole).problems


def recall_parts() -> recall.Parts:
    """Return what the benchmark of recall is composed of."""
    return recall.Parts(prepared=_with_memories, opened=_memories)


async def _with_memories(url: str) -> str:
    await migrate(url)
    await make_missing(url, [READ_MODELS["memory"]])
    return seeing(url, [READ_MODELS["memory"]])


@asynccontextmanager
async def _memories(url: str) -> AsyncIterator[PostgresMemories]:
    index = PostgresMemories(url)
    try:
        yield index
    finally:
        await index.close()


def rebuild_parts() -> rebuilding.Parts:
    """Return what the benchmark of the rebuild is composed of."""
    return rebuilding.Parts(
        open_store=migrated_store,
        project=_project,
        rebuild=lambda url, name, check: rebuild(url, READ_MODELS[name], check=check),
    )


def under_load_parts() -> under_load.Parts:
    """Return what the benchmark of rebuilds under load is composed of."""
    return under_load.Parts(open_store=migrated_store, opened=_opened, projector=_projector)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Opened]:
    store, reads = await PostgresEventStore.open(url), PostgresReadStore(url)
    builds, open_work = PostgresBuilds(url), PostgresOpenWork(url)
    try:
        yield Opened(store, reads, builds, lambda: open_work.due(SystemClock().now(), 100))
    finally:
        for each in (store, reads, builds, open_work):
            await each.close()


@asynccontextmanager
async def _projector(url: str) -> AsyncIterator[None]:
    """Run a projector in a process of its own, when everything is projected."""
    process = await create_subprocess_exec(sys.executable, "-m", __name__, url, stdout=PIPE)
    try:
        if process.stdout is None or not await process.stdout.readline():
            raise Unavailable("The projector ended before it had projected the log; its errors stand above.")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _keep_projecting(url: str) -> None:
    """Be that process: project the log, say so, and go on, carrying out the builds that are asked for."""
    store, rows = await PostgresEventStore.open(url), PostgresReadModels(url)
    projector = Projector(LogFollower(store), rows, READ_MODELS)
    await projector.catch_up(await store.head())
    print("projected", flush=True)
    await gather(projector.run(), take_builds(url, READ_MODELS))


async def _project(url: str, name: str) -> None:
    store, rows = await PostgresEventStore.open(url), PostgresReadModels(url)
    try:
        models = {name: READ_MODELS[name]}
        await Projector(LogFollower(store), rows, models).catch_up(await store.head())
    finally:
        await rows.close()
        await store.close()


if __name__ == "__main__":
    run(_keep_projecting(sys.argv[1]))
