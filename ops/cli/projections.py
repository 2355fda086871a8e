"""Look at read models and build them anew: `projections`."""

import click

from domain.errors import NotFound
from ops.bootstrap.read_models import READ_MODEL_NAMES, rebuild_read_model
from ops.cli.output import Progress, placed, result, table
from ops.cli.reach import core
from ops.cli.verb import verb
from queries.freshness import list_projections


@click.group()
def projections() -> None:
    """Look at read models, and build them anew."""


@verb(projections, "list")
async def list_all() -> None:
    """List the read models and how far each is."""
    async with core() as opened:
        found = await list_projections(opened.reads)
        log_id = await opened.store.log_id()
    rows = [(each.name, each.version, each.position, each.head, each.lag) for each in found]
    shown = [placed(each, log_id) for each in found]
    result(shown, lambda: table(["name", "version", "position", "head", "lag"], rows) if rows else "None is built yet.")


@verb(projections)
@click.argument("name")
async def rebuild(name: str) -> None:
    """Build a read model anew beside the live one, and put it in its place."""
    if name not in READ_MODEL_NAMES:
        raise NotFound(f"Expected one of {', '.join(READ_MODEL_NAMES)}, but got {name!r}.")
    progress = Progress(f"rebuilding {name}")
    async with core() as opened:
        done = await rebuild_read_model(opened, name, progress)
        log_id = await opened.store.log_id()
    progress.end()
    result(
        placed(done, log_id),
        lambda: f"{done.name}: {done.events:,} events up to position {done.position:,} in {done.seconds:.1f} s",
    )
