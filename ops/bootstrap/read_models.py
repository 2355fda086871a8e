"""Keep, rebuild and prune read models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from adapters.postgres.follower import LogFollower
from adapters.postgres.read_models.builds import PostgresBuilds
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.pruning import prune
from adapters.postgres.read_models.watching import see_through
from domain.errors import Conflict
from ops.bootstrap.core import Core
from projections.building import Build, Told
from projections.registry import READ_MODELS
from projections.runner import Projector

READ_MODEL_NAMES = tuple(READ_MODELS)
GRACE_SECONDS = 2.0
"""How long a verb leaves a build to the projectors."""


@asynccontextmanager
async def open_builds(core: Core) -> AsyncIterator[PostgresBuilds]:
    """Open the builds of this code's read models."""
    builds = PostgresBuilds(core.where.postgres_url)
    try:
        yield builds
    finally:
        await builds.close()


async def see_build_through(core: Core, builds: PostgresBuilds, name: str, told: Told) -> Build:
    """Watch a build until it ends or is paused; carry it out here where no projector takes it."""
    return await see_through(core.where.postgres_url, READ_MODELS[name], builds, told, grace=GRACE_SECONDS)


async def prune_versions(core: Core) -> list[str]:
    """Drop the versions of read models that are older than this code's; return the names of their schemas."""
    return await prune(core.where.postgres_url, READ_MODELS)


async def catch_up(core: Core) -> None:
    """Bring the read models up to the log's head, beside a projector that may do the same."""
    rows, head = PostgresReadModels(core.where.postgres_url), await core.store.head()
    try:
        while True:
            with suppress(Conflict):
                return await Projector(LogFollower(core.store), rows, READ_MODELS).catch_up(head)
    finally:
        await rows.close()
