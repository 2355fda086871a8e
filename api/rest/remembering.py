"""Remember and forget: what is to be known beyond one session."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, post
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.services import Given, Services
from api.writes import Writing
from commands.authorize import may
from commands.memory.remembering import ToRemember, Written, forget, remember
from domain.memory.events import MemoryKind

EXAMPLE = {"text": "Invoices of Blue Mugs Ltd are paid within 14 days.", "kind": "entity", "subject": "Blue Mugs Ltd"}


class MemoryInput(Input, frozen=True, kw_only=True):
    """Ask for a text to be remembered, as its writer's own unless it is ``shared`` with the tenant.

    A memory that is not ``trusted`` is never shown to a planner, and what is made of it is not trusted either.
    """

    text: str
    kind: MemoryKind = "semantic"
    subject: str = ""
    trusted: bool = True
    private: bool = False
    shared: bool = False


class ForgetInput(Input, frozen=True, kw_only=True):
    """Say why a memory is to be forgotten."""

    reason: str = ""


class MemoryWritten(Output, frozen=True, kw_only=True):
    """Say which memory was written or forgotten."""

    id: str
    version: int
    position: str


@post("/memory", opt={"body": MemoryInput, "example": EXAMPLE}, tags=["memory"])
async def add(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[MemoryWritten]:
    """Remember a text, without its personal values; what the tenant shares is an administrator's word."""
    body = await body_of(request, MemoryInput)
    context = await write.context("administer" if body.shared else "operate")
    asked = ToRemember(**msgspec.structs.asdict(body))
    return await _written(services, await remember(services.catalogue, services.shell, asked, context), status=201)


@delete("/memory/{memory_id:str}", status_code=200, opt={"body": ForgetInput}, tags=["memory"])
async def remove(
    request: Request[Any, Any, Any], services: Given, write: Writing, memory_id: FromPath[str]
) -> Response[MemoryWritten]:
    """Forget a memory of one's own; an administrator any of the tenant's."""
    body = await body_of(request, ForgetInput)
    context = await write.context("operate")
    administers = may(write.principal, "administer")
    done = await forget(services.catalogue, services.shell, memory_id, body.reason, context, administers=administers)
    return await _written(services, done)


async def _written(services: Services, done: Written, *, status: int = 200) -> Response[MemoryWritten]:
    position = outside(await services.shell.store.log_id(), done.position)
    return answer(MemoryWritten(id=done.id, version=done.version, position=position), status=status)
