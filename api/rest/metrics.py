"""Show the process's metrics to whoever collects them."""

from typing import Any

from litestar import Request, Response, get

from api.watching import Watched, Watching
from commands.authorize import require
from domain.errors import NotFound

MEDIA_TYPE = "text/plain; version=1.0.0"  # litestar adds the charset of texts


# Not for every caller, as probes are: the numbers are of all tenants, how many sessions they run and what they spend.
# Where tokens are required a collector shows one that may operate the service, or reads REPRISE_METRICS__PORT.
@get("/metrics", tags=["system"], media_type="text/plain")
async def metrics(request: Request[Any, Any, Any], watched: Watching) -> Response[str]:
    """Show the metrics in the text form that Prometheus reads."""
    require(request.user, "operate")
    return await shown(watched)


async def shown(watched: Watched) -> Response[str]:
    """Return everything that is counted."""
    if watched.watch is None:
        raise NotFound("Expected a process that counts, but this one does not.")
    text = (await watched.watch.text()).decode()
    return Response(text, media_type=MEDIA_TYPE)
