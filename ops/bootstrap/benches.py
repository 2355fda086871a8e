"""Compose what benchmarks measure."""

from adapters.policy.rules import FirstRules
from adapters.postgres.follower import LogFollower
from adapters.postgres.migrations import migrate
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.watching import rebuild
from adapters.postgres.store import PostgresEventStore
from adapters.system import SystemChance, SystemClock
from ops.bench import rebuild as rebuilding
from ops.bench import steps
from projections.registry import READ_MODELS
from projections.runner import Projector


async def migrated_store(url: str) -> PostgresEventStore:
    """Migrate a database and open its log."""
    await migrate(url)
    return await PostgresEventStore.open(url)


def bench_parts() -> steps.Parts:
    """Return what the benchmark of the loop is composed of."""
    return steps.Parts(open_store=migrated_store, judge=FirstRules(), clock=SystemClock(), chance=SystemChance())


def rebuild_parts() -> rebuilding.Parts:
    """Return what the benchmark of the rebuild is composed of."""
    return rebuilding.Parts(
        open_store=migrated_store,
        project=_project,
        rebuild=lambda url, name, check: rebuild(url, READ_MODELS[name], check=check),
    )


async def _project(url: str, name: str) -> None:
    store, rows = await PostgresEventStore.open(url), PostgresReadModels(url)
    try:
        models = {name: READ_MODELS[name]}
        await Projector(LogFollower(store), rows, models).catch_up(await store.head())
    finally:
        await rows.close()
        await store.close()
