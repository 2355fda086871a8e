"""Run the roles of a process: everything at once for `up`, one for `serve`."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.errors import Unavailable
from ops import running
from ops.bootstrap.core import Core, open_core
from ops.bootstrap.edge import api_edge
from ops.bootstrap.roles import run_projector, run_relay, run_worker
from ops.bootstrap.servers import addresses
from ops.bootstrap.watch import watch
from ops.settings import Settings
from ops.tasks import end
from ops.web import bound, server_of, url_of

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from api.watching import Watched

ROLES: dict[str, Callable[[Core], Coroutine[Any, Any, None]]] = {
    "worker": run_worker,
    "relay": run_relay,
    "projector": run_projector,
}


@dataclass(frozen=True)
class Up:
    """Be everything that runs for `up`, reached at ``url``."""

    url: str
    core: Core
    tasks: tuple[asyncio.Task[None], ...]


@asynccontextmanager
async def everything(settings: Settings) -> AsyncIterator[Up]:
    """Run the servers and all roles in this process tree for the duration of the block."""
    if found := running.find(settings.folder):
        raise Unavailable(
            f"Reprise is up on {settings.folder} already: {found.url} (process {found.pid}). "
            "Use that one, or name another folder with --data."
        )
    async with (
        addresses(settings, nats=True) as where,
        open_core(settings, where, "up") as core,
        _listening(core, watched := watch(core)) as (url, served),
        _aside(core, watched) as aside,
    ):
        roles = [asyncio.create_task(role(core), name=name) for name, role in ROLES.items()]
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        here = running.mark(url, where.postgres_url, where.nats_url, settings.model_names)
        with running.announced(settings.folder, here):
            try:
                yield Up(url=url, core=core, tasks=(*served, *aside, *roles, *where.keepers))
            finally:
                await end(roles)


@asynccontextmanager
async def _listening(core: Core, watched: "Watched") -> AsyncIterator[tuple[str, Sequence[asyncio.Task[None]]]]:
    """Serve the API for the duration of the block; yield its URL and its tasks."""
    door = bound(core.settings.host, core.settings.port)
    async with api_edge(core, watched) as edge, _served(edge.app, door) as task:
        try:
            yield url_of(door), [task, *edge.tasks]
        finally:
            # Live streams first: the server would wait for them.
            await end(edge.tasks)


@asynccontextmanager
async def _aside(core: Core, watched: "Watched | None" = None) -> AsyncIterator[Sequence[asyncio.Task[None]]]:
    """Show probes and metrics on a port of their own where one is set; yield what runs for it."""
    port = core.settings.metrics.port
    if not port:
        yield ()
        return
    from api.aside import build_aside  # a third of a second that a role which nobody watches need not wait for

    door = bound("127.0.0.1", port, setting="REPRISE_METRICS__PORT")
    async with _served(build_aside(watched or watch(core)), door) as task:
        yield (task,)


@asynccontextmanager
async def _served(app: "ASGIApp", door: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    server = server_of(app)
    task = asyncio.create_task(server.serve(sockets=[door]), name="http")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield task
    finally:
        server.should_exit = True
        await asyncio.wait([task], timeout=10)


async def one_role(settings: Settings, name: str, say: Callable[[str], None]) -> None:
    """Run one role until it is told to end."""
    async with addresses(settings, nats=True) as where, open_core(settings, where, name) as core:
        if name == "api":
            watched = watch(core)
            async with _listening(core, watched) as (url, served), _aside(core, watched) as aside:
                say(f"serving api: {url}")
                await until_told([*served, *aside])
        else:
            await _perform(core, name, say)


async def _perform(core: Core, name: str, say: Callable[[str], None]) -> None:
    async with _aside(core) as aside:
        say(f"serving {name}")
        task = asyncio.create_task(ROLES[name](core), name=name)
        try:
            await until_told([task, *aside])
        finally:
            await end([task])


async def until_told(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for Ctrl-C or SIGTERM, or for a task that ends by itself, which is a fault."""
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    waiting = asyncio.create_task(told.wait())
    try:
        done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        waiting.cancel()
