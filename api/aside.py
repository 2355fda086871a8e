"""Serve probes and metrics aside of whatever a process does, on a port of this machine alone."""

from litestar import Litestar, Response, get
from litestar.datastructures import Headers
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.auth import LOOPBACK_NAMES, check_host
from api.problems import problem
from api.rest.metrics import shown
from api.rest.system import healthz, readyz
from api.watching import Watched, Watching


class LocalNames(ASGIMiddleware):
    """Refuse names that a web page may have made this machine's."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let a request in that calls this machine by its own name, or raise Misdirected."""
        check_host(Headers.from_scope(scope).get("host", ""), LOOPBACK_NAMES)
        await next_app(scope, receive, send)


# Open, for it listens on loopback only: whoever may read there could read the process itself.
@get("/metrics")
async def open_metrics(watched: Watching) -> Response[str]:
    """Show the metrics in the text form that Prometheus reads."""
    return await shown(watched)


def build_aside(watched: Watched) -> Litestar:
    """Return the application of the port aside."""
    return Litestar(
        route_handlers=[healthz, readyz, open_metrics],
        dependencies={"watched": Provide(lambda: watched, sync_to_thread=False)},
        middleware=[LocalNames()],
        exception_handlers={Exception: problem},
        openapi_config=None,
        logging_config=None,
    )
