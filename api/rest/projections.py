"""Show how far the read models are, and have them built anew; a projector does it, requests only ask."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given
from api.writes import Write, Writing
from commands.authorize import require
from domain.ids import derive
from projections.building import Build, State
from queries.projections import ProjectionShown, list_projections


class RebuildInput(Input, frozen=True, kw_only=True):
    """Choose what to do: with ``check`` the two forms are compared only, and nothing is put in place."""

    check: bool = False


class BuildView(Output, frozen=True, kw_only=True):
    """Show how far a rebuild is; ``held`` says that a process is at it now.

    ``differences`` counts the rows that stood in one form only, null until they are compared, and where they cannot
    be, as ``remark`` says. ``examples`` are some of them. ``skipped`` counts events that were left out, by topic.
    """

    name: str
    version: int
    state: State
    checking: bool
    position: str
    head: str
    held: bool
    differences: int | None
    examples: tuple[str, ...]
    skipped: dict[str, int]
    remark: str
    error: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None


class ProjectionView(Output, frozen=True, kw_only=True):
    """Show how far a version of a read model is.

    ``lag`` events are in the log but not in it yet; ``ours`` are the versions that this service reads; ``build`` is the
    last rebuild that was asked for.
    """

    name: str
    version: int
    ours: bool
    position: str
    head: str
    lag: int
    updated_at: datetime
    build: BuildView | None


class ProjectionList(Output, frozen=True, kw_only=True):
    """List all versions of the read models."""

    projections: tuple[ProjectionView, ...]


@get("/projections", tags=["projections"])
async def list_all(services: Given, read: Reading) -> Response[ProjectionList]:
    """List the read models, how far each is, and its last rebuild."""
    found = await list_projections(services.reads, every=True)
    return answer(ProjectionList(projections=tuple(_shown(each, read.log_id) for each in found)))


@post("/projections/{name:str}/rebuild", status_code=202, opt={"body": RebuildInput}, tags=["projections"])
async def rebuild(
    request: Request[Any, Any, Any], services: Given, write: Writing, name: FromPath[str]
) -> Response[BuildView]:
    """Ask for a read model to be built anew beside the live one, compared with it, and put in its place."""
    body = await body_of(request, RebuildInput)
    require(write.principal, "administer")
    key = derive(write.principal.tenant, "rebuild", write.key) if write.key else ""
    asked = services.builds.request(name, check=body.check, by=write.principal.actor, key=key)
    return await _answered(write, asked, status=202)


@post("/projections/{name:str}/pause", status_code=200, tags=["projections"])
async def pause(services: Given, write: Writing, name: FromPath[str]) -> Response[BuildView]:
    """Let a rebuild rest; what it has done is kept."""
    require(write.principal, "administer")
    return await _answered(write, services.builds.pause(name))


@post("/projections/{name:str}/resume", status_code=202, tags=["projections"])
async def resume(services: Given, write: Writing, name: FromPath[str]) -> Response[BuildView]:
    """Go on with a rebuild that was paused, where it stood."""
    require(write.principal, "administer")
    return await _answered(write, services.builds.resume(name), status=202)


@post("/projections/{name:str}/abort", status_code=200, tags=["projections"])
async def abort(services: Given, write: Writing, name: FromPath[str]) -> Response[BuildView]:
    """End a rebuild and drop what it has done; the live read model stays as it is."""
    require(write.principal, "administer")
    return await _answered(write, services.builds.abort(name))


async def _answered(write: Write, asked: Awaitable[Build], *, status: int = 200) -> Response[BuildView]:
    build = await asked
    return answer(_build(build, await write.services.shell.store.log_id()), status=status)


def _shown(found: ProjectionShown, log_id: str) -> ProjectionView:
    return view(
        ProjectionView,
        found,
        position=outside(log_id, found.position),
        head=outside(log_id, found.head),
        build=found.build and _build(found.build, log_id),
    )


def _build(build: Build, log_id: str) -> BuildView:
    return view(
        BuildView,
        build,
        position=outside(log_id, build.position),
        head=outside(log_id, build.head),
        examples=tuple(build.examples),
    )
