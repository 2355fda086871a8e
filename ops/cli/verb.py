"""Make verbs: each takes ``--json`` and runs one coroutine."""

import asyncio
import gc
import getpass
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import update_wrapper
from typing import Any, TypeVar

import click
import msgspec

from domain.envelope import Actor, Context
from ops import logs
from ops import settings as settings_module
from ops.settings import Settings

Answer = TypeVar("Answer")


def _note_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().meta["json"] = True


json_option = click.option(
    "--json", is_flag=True, expose_value=False, is_eager=True, callback=_note_json, help="Print JSON, for programs."
)


def verb(
    group: click.Group | None = None, name: str | None = None
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], click.Command]:
    """Turn an async function into a verb, alone or of a group."""

    def make(function: Callable[..., Coroutine[Any, Any, None]]) -> click.Command:
        def call(*args: Any, **kwargs: Any) -> None:
            run(function(*args, **kwargs))

        command = json_option(click.command(name=name or function.__name__)(update_wrapper(call, function)))
        if group is not None:
            group.add_command(command)
        return command

    return make


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine to its end; Ctrl-C and SIGTERM cancel it, and its clean-up is waited for."""
    import uvloop

    # Events and states are many and hold no cycles: looking for cyclic garbage less often leaves more time for work.
    gc.set_threshold(50_000, 20, 20)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_until_terminated(coroutine))
        except asyncio.CancelledError:
            sys.exit(128 + signal.SIGTERM)


async def _until_terminated(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await coroutine


def settings(**changes: Any) -> Settings:
    """Read the settings, with what the command line says on top, and set the log's level."""
    loaded = settings_module.load()
    given = {key: value for key, value in changes.items() if value is not None}
    loaded = msgspec.structs.replace(loaded, **given)
    logs.begin(loaded.log_level)
    return loaded


def person() -> str:
    """Name whoever sits at this terminal."""
    return getpass.getuser()


def as_person(command_id: str, now: datetime, correlation: str = "") -> Context:
    """Act as the person at this terminal."""
    actor = Actor(kind="person", id=person())
    return Context(command_id=command_id, actor=actor, at=now, correlation=correlation or command_id)
