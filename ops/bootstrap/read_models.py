"""Keep and rebuild read models from a verb."""

from collections.abc import Callable
from contextlib import suppress

from adapters.postgres.follower import LogFollower
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.rebuild import Rebuilt, rebuild
from domain.errors import Conflict
from ops.bootstrap.core import Core
from projections.registry import READ_MODELS
from projections.runner import Projector

READ_MODEL_NAMES = tuple(READ_MODELS)


async def rebuild_read_model(core: Core, name: str, progress: Callable[[int, int], None]) -> Rebuilt:
    """Build a read model anew beside the live one and swap."""
    return await rebuild(core.where.postgres_url, READ_MODELS[name], progress)


async def catch_up(core: Core) -> None:
    """Bring the read models up to the log's head, beside a projector that may do the same."""
    rows, head = PostgresReadModels(core.where.postgres_url), await core.store.head()
    try:
        while True:
            with suppress(Conflict):
                return await Projector(LogFollower(core.store), rows, READ_MODELS).catch_up(head)
    finally:
        await rows.close()
