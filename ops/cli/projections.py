"""Look at read models, build them anew beside the live ones, and drop old versions: `projections`."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable

import click

from domain.errors import Refused
from ops.bootstrap.read_models import open_builds, prune_versions, see_build_through
from ops.cli.output import Progress, count, hint, placed, result, table
from ops.cli.reach import core
from ops.cli.verb import verb
from projections.building import Build, Builds
from queries.projections import list_projections

HEADS = ["name", "version", "position", "head", "lag", "ours", "build"]


@click.group()
def projections() -> None:
    """Look at read models, and build them anew."""


@verb(projections, "list")
async def list_all() -> None:
    """List all versions of the read models: how far each is, whether this code reads it, and its last rebuild."""
    async with core() as opened:
        found = await list_projections(opened.reads, every=True)
        log_id = await opened.store.log_id()
    shown = [{**placed(each, log_id), "build": each.build and placed(each.build, log_id)} for each in found]
    rows = [
        (each.name, each.version, each.position, each.head, each.lag, "yes" if each.ours else "no", _words(each.build))
        for each in found
    ]
    result(shown, lambda: table(HEADS, rows) if rows else "None is built yet.")


@verb(projections)
@click.argument("name")
@click.option("--check", is_flag=True, help="Compare only; exit code 1 where the two differ.")
async def rebuild(name: str, check: bool) -> None:
    """Build a read model anew beside the live one, compare the two, and put it in the live one's place."""
    await _follow(name, lambda builds: builds.request(name, check=check, by=getpass.getuser()))


@verb(projections)
@click.argument("name")
async def resume(name: str) -> None:
    """Go on with a rebuild that was paused, or whose process ended, where it stood."""
    await _follow(name, lambda builds: builds.resume(name))


@verb(projections)
@click.argument("name")
async def pause(name: str) -> None:
    """Let a rebuild rest; what it has done is kept."""
    await _steer(lambda builds: builds.pause(name))


@verb(projections)
@click.argument("name")
async def abort(name: str) -> None:
    """End a rebuild and drop what it has done; the live read model stays as it is."""
    await _steer(lambda builds: builds.abort(name))


@verb(projections)
async def prune() -> None:
    """Drop the versions that are older than this code's; stop the code that reads them first."""
    async with core() as opened:
        dropped = await prune_versions(opened)
    result({"dropped": dropped}, lambda: "\n".join(f"dropped {each}" for each in dropped) or "nothing to drop")


async def _follow(name: str, ask: Callable[[Builds], Awaitable[Build]]) -> None:
    """Ask for a build and watch it; raise Refused where it did not end as it should."""
    progress = Progress(f"rebuilding {name}")
    async with core() as opened, open_builds(opened) as builds:
        await ask(builds)
        try:
            build = await see_build_through(opened, builds, name, progress)
        except asyncio.CancelledError:
            hint(
                f"\nNo longer watched. `reprise projections list` shows whether a projector goes on with it; if none "
                f"does, `reprise projections resume {name}` goes on, `reprise projections abort {name}` drops it."
            )
            raise
        finally:
            progress.end()
        log_id = await opened.store.log_id()
    result(placed(build, log_id), lambda: f"{build.name}: {_words(build)}")
    _judge(build)


async def _steer(ask: Callable[[Builds], Awaitable[Build]]) -> None:
    async with core() as opened, open_builds(opened) as builds:
        build = await ask(builds)
        log_id = await opened.store.log_id()
    result(placed(build, log_id), lambda: f"{build.name}: {_words(build)}")


def _judge(build: Build) -> None:
    if build.state != "done":
        raise Refused(f"Expected read model {build.name} to be rebuilt, but the build is {build.state}. {build.error}")
    if build.checking and build.differences != 0:
        shown = "\n".join(build.examples) or build.remark
        raise Refused(f"Expected read model {build.name} to be what its code makes of the log, but:\n{shown}")


def _words(build: Build | None) -> str:
    """Say in one line how far a build is."""
    if build is None:
        return ""
    done = f"{build.state}, {build.position:,} of {build.head:,} events"
    if build.started_at and build.finished_at:
        done += f" in {(build.finished_at - build.started_at).total_seconds():.1f} s"
    if build.differences is not None:
        done += f", {count(build.differences, 'difference')}"
    return "; ".join(filter(None, (done, build.remark, build.error)))
