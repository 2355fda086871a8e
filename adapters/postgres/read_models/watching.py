"""Watch over builds: a projector takes what is asked for, a verb sees one build through."""

import asyncio
import logging
from collections.abc import Mapping

from adapters.postgres.connections import Pool
from adapters.postgres.read_models.builder import carry_out
from adapters.postgres.read_models.builds import BUILDING, PostgresBuilds
from domain.errors import RepriseError
from projections.building import Build, Told
from projections.rows import ReadModel

LOGGER = logging.getLogger("reprise.projections")
LOOK_SECONDS = 1.0
WATCH_SECONDS = 0.1


async def take_builds(url: str, models: Mapping[str, ReadModel]) -> None:
    """Carry out builds that are asked for, and those that another process left unfinished, until cancelled."""
    pool = Pool(url, size=1)
    try:
        while True:
            try:
                for name, version in await pool.fetch(BUILDING["unfinished"].decode()):
                    if name in models and models[name].version == version:
                        await carry_out(url, models[name])
            except RepriseError as fault:  # nothing about a rebuild may end the process that keeps the live forms
                LOGGER.warning("Builds have to wait: %s", fault)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await pool.close()


async def see_through(
    url: str, model: ReadModel, builds: PostgresBuilds, told: Told | None = None, *, grace: float = 0.0
) -> Build:
    """Watch the last build of a read model until it ends or is paused; ``told`` hears how far it is.

    Where no other process has taken it for ``grace`` seconds, it is carried out here.
    """
    alone = 0.0
    while not (build := await builds.newest(model.name)).ended and build.state != "paused":
        if told and build.started_at:
            told(build.position, build.head)
        alone = 0.0 if build.held else alone + WATCH_SECONDS
        if alone <= grace or not await carry_out(url, model, told):
            await asyncio.sleep(WATCH_SECONDS)
    return build


async def rebuild(url: str, model: ReadModel, told: Told | None = None, *, check: bool = False) -> Build:
    """Ask for a build, or with ``check`` for a comparison only, and see it through; raise NotPossible, Unavailable."""
    builds = PostgresBuilds(url, {model.name: model})
    try:
        await builds.request(model.name, check=check, by="this process")
        return await see_through(url, model, builds, told)
    finally:
        await builds.close()
