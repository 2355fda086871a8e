"""Stand at the door: whose name was called, from which page, by whom.

Host is held against a list, because a web page anywhere can make a browser call this machine under a name that its
author controls (DNS rebinding). Origin must be ours as a whole: other ports of this machine serve other people's pages.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.problems import Misdirected
from api.services import Services
from commands.authorize import LOCAL, Principal, Unauthenticated
from domain.errors import Forbidden

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Doorkeeper(ASGIMiddleware):
    """Refuse strangers, and say as ``request.user`` who asks; handlers marked ``open`` are for every caller."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services):
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let a request in with its principal, or raise Misdirected, Forbidden, Unauthenticated."""
        headers = Headers.from_scope(scope)
        host, hosts = headers.get("host", ""), self._services.hosts
        check_host(host, (*LOOPBACK_NAMES, *hosts))
        check_origin(headers.get("origin"), (f"{scope['scheme']}://{host}", *(f"https://{name}" for name in hosts)))
        if not scope["route_handler"].opt.get("open"):
            scope["user"] = identify(self._services, _client(scope), headers.get("authorization", ""))
        await next_app(scope, receive, send)


def check_host(host: str, names: Sequence[str]) -> None:
    """Raise Misdirected for a Host header that is not ours."""
    if _place(f"//{host}")[1] not in names:
        raise Misdirected(f"Expected one of the host names {', '.join(names)}, but got {host[:100]!r}.")


def check_origin(origin: str | None, ours: Sequence[str]) -> None:
    """Raise Forbidden for a page of another scheme, host or port; who sends no Origin is no page, or reads only."""
    if origin is not None and (not _place(origin)[1] or _place(origin) not in map(_place, ours)):
        raise Forbidden(f"Expected no page, or one served by {', '.join(ours)}, but got {origin[:100]!r}.")


def _place(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of a URL; no host, so on no list, where it has none that can be read."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0


def identify(services: Services, client: str, authorization: str) -> Principal:
    """Return who asks, by token or by sitting at this machine; raise Unauthenticated, Forbidden."""
    scheme, _, token = authorization.partition(" ")
    if services.verifier and scheme.lower() == "bearer":
        return services.verifier.verify(token.strip())
    if authorization:
        expected = "`Authorization: Bearer TOKEN`" if services.verifier else "no Authorization: tokens are not in use"
        raise Unauthenticated(f"Expected {expected}, but got the scheme {scheme[:20]!r}.")
    if services.verifier and not services.loopback_without_token:
        raise Unauthenticated("Expected `Authorization: Bearer TOKEN`, but there was none.")
    if not _is_loopback(client):
        raise Forbidden(
            f"Expected a caller on this machine, but {client or 'an unknown address'} called: "
            "require tokens to serve others."
        )
    return LOCAL


def check_fresh(principal: Principal, now: datetime) -> None:
    """Raise Unauthenticated where what proved who asks has expired since, for connections that stay open."""
    if principal.expires_at and principal.expires_at <= now:
        raise Unauthenticated("Expected a token that is still valid, but it expired: connect again with a new one.")


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _is_loopback(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
