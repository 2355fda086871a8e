"""Say whether the service lives, and give its OpenAPI document."""

import asyncio
from typing import Any, Literal

from litestar import Request, Response, get

from api.answers import Output, answer
from api.watching import Watching
from domain.encoding import encode
from domain.errors import Unavailable

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
