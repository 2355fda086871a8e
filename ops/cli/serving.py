"""Serve: `up` runs everything in one process tree, `serve` one role a process."""

import logging
from contextlib import AsyncExitStack
from pathlib import Path

import click

from domain.errors import Refused
from ops.bootstrap.memory import hashing
from ops.bootstrap.redaction import loses_values
from ops.cli.output import result, say
from ops.cli.verb import settings, verb
from ops.logs import as_json_lines
from ops.sample import demo as sample
from ops.scripted.server import script_server
from ops.scripted.wording import NAME
from ops.serving import everything, one_role, until_told
from ops.settings import LOOPBACK, Settings

LOGGER = logging.getLogger("reprise.ops")


def _refuse_open_door(loaded: Settings) -> None:
    if loaded.host not in LOOPBACK and not loaded.tokens.required:
        raise Refused(
            f"Expected a loopback address, but got {loaded.host}: without tokens anybody there could act. "
            "Set REPRISE_TOKENS__REQUIRED=true and issue tokens with `reprise token issue`."
        )


def _ready(loaded: Settings, told: str) -> None:
    say(told)
    _warn_of_losses(loaded)


def _warn_of_losses(loaded: Settings) -> None:
    if loses_values(loaded):
        LOGGER.warning(
            "Personal values are hidden and lost, so that no call can send them: there is no REPRISE_MASTER_KEY."
        )


@verb()
@click.option("--data", help="Where everything is kept; ./.reprise if not said.")
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one.")
@click.option("--demo", is_flag=True, help="Start the sample goal and leave its approval to you.")
async def up(data: str | None, host: str | None, port: int | None, demo: bool) -> None:
    """Serve everything on this machine until Ctrl-C: servers, API, workers, relay, projectors."""
    loaded = settings(data=data, host=host, port=port)
    _refuse_open_door(loaded)
    as_json_lines("up")
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(everything(loaded))
        _warn_of_losses(loaded)
        result({"url": running.url, "data": str(loaded.folder)})
        say(f"Reprise is up: {running.url}\nLook at it on {running.url}/explorer")
        say(f"Data is kept in {loaded.folder}. Ctrl-C ends it.")
        if demo:
            await stack.enter_async_context(sample.open_shop(running.core))
            session = await sample.submit(running.core)
            say(f"\nThe sample goal runs as session {session} and will ask you. In another terminal:")
            say(f"  reprise sessions watch {session}")
            say("  reprise approvals list\n  reprise approvals approve ID --reason …")
        await until_told(running.tasks)


@click.group()
def serve() -> None:
    """Serve one role, against REPRISE_POSTGRES_URL and REPRISE_NATS_URL, or a script as a model."""


def _role(name: str, words: str) -> None:
    @verb(serve, name)
    async def role() -> None:
        loaded = settings()
        if not (loaded.postgres_url and loaded.nats_url):
            raise Refused(
                "Expected REPRISE_POSTGRES_URL and REPRISE_NATS_URL to be set: one role serves beside others."
            )
        if name == "api":
            _refuse_open_door(loaded)
        as_json_lines(name)
        await one_role(loaded, name, lambda told: _ready(loaded, told))

    role.help = words


_role("api", "Serve the REST API.")
_role("worker", "Perform what sessions owe.")
_role("relay", "Mirror the log into JetStream.")
_role("projector", "Keep the read models.")


@verb(serve)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port on 127.0.0.1; a free one if not said.")
async def script(file: Path, port: int) -> None:
    """Serve a script as the model `scripted`, by the OpenAI chat-completions protocol, until Ctrl-C."""
    async with script_server(file, hashing(), port=port) as url:
        result({"url": url, "model": f"openai:{NAME}@{url}"}, lambda: f"openai:{NAME}@{url}")
        await until_told([])
