"""Say whether the service lives, and explain it: its OpenAPI document and a page for every type of problem."""

import asyncio
from html import escape
from typing import Any, Literal

from litestar import Request, Response, get
from litestar.params import FromPath

from api.answers import Output, answer
from api.problems import BY_NAME
from api.watching import Watching
from domain.encoding import encode
from domain.errors import NotFound, Unavailable

READY_SECONDS = 2.0


class Health(Output, frozen=True, kw_only=True):
    """Say that the process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Output, frozen=True, kw_only=True):
    """Say that the parts behind the process answer too."""

    status: Literal["ready"] = "ready"
    parts: tuple[str, ...]


@get("/healthz", opt={"open": True}, tags=["system"])
async def healthz() -> Response[Health]:
    """Answer as long as the process can."""
    return answer(Health())


@get("/readyz", opt={"open": True}, tags=["system"])
async def readyz(watched: Watching) -> Response[Readiness]:
    """Answer when every part that requests need is ready, or name the first one that is not."""
    part = ""
    try:
        async with asyncio.timeout(READY_SECONDS):
            for part, probe in watched.probes.items():  # noqa: B007, so that a time-out can name it
                await probe()
    except TimeoutError as fault:
        raise Unavailable(f"Expected {part} to answer within {READY_SECONDS:.0f} s, but it did not.") from fault
    return answer(Readiness(parts=tuple(watched.probes)))


@get("/openapi.json", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Request[Any, Any, Any]) -> Response[Any]:
    """Give the OpenAPI document of this service."""
    return Response(encode(request.app.state.openapi()), media_type="application/json")


@get("/docs/problems/{name:str}", opt={"open": True, "html": True}, media_type="text/html", tags=["system"])
async def problem_page(name: FromPath[str]) -> str:
    """Explain one type of problem."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise NotFound(f"Expected a type of problem out of {', '.join(BY_NAME)}, but got {name[:100]!r}.")
    title, advice = escape(kind.title), escape(kind.advice)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>Problem type <code>{kind.name}</code>, HTTP status {kind.status}.</p>"
        f"<p>{advice}</p></body></html>"
    )
