"""Run the roles of a process over the core: worker, relay, projector; each is one coroutine."""

import asyncio

from adapters.nats.follow import Tail
from adapters.nats.relay import Relay
from adapters.nats.wakeups import NatsWakeups
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.open_work import PostgresOpenWork
from adapters.postgres.read_models.watching import take_builds
from commands.worker import sweep, work
from ops.bootstrap.core import Core
from projections.registry import READ_MODELS
from projections.runner import Projector


async def run_worker(core: Core) -> None:
    """Perform what sessions owe, until cancelled: wake-ups bring most of it, the timer table the rest."""
    open_work = PostgresOpenWork(core.where.postgres_url)
    wakeups = NatsWakeups(core.wired).pull(core.settings.lane_names)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work(core.shell, wakeups, most=core.settings.max_sessions), name="work")
            tasks.create_task(sweep(core.shell, open_work), name="sweep")
    finally:
        await open_work.close()


async def run_relay(core: Core) -> None:
    """Mirror the log into JetStream, until cancelled."""
    await Relay(core.store, core.wired).run()


async def run_projector(core: Core) -> None:
    """Keep the read models up to date, and rebuild those that are asked for, until cancelled."""
    tail, rows = Tail(core.store, core.wired), PostgresReadModels(core.where.postgres_url)
    projector = Projector(tail, rows, READ_MODELS)
    core.skipped.append(projector.skipped)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run(), name="tail")
            tasks.create_task(projector.run(), name="projector")
            tasks.create_task(take_builds(core.where.postgres_url, READ_MODELS), name="builds")
    finally:
        await rows.close()
