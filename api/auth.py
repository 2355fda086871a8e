"""Stand at the door: whose name was called, from which page, by whom.

Host is held against a list, because a web page anywhere can make a browser call this machine under a name that its
author controls (DNS rebinding). Origin must be ours as a whole: other ports of this machine serve other people's pages.

A page cannot set headers of a WebSocket: it names its token as a subprotocol, `reprise.bearer.TOKEN`, beside the one
that it speaks. A stranger's WebSocket is refused by an HTTP answer, before it is one.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.problems import MEDIA_TYPE, Misdirected, problem_of
from api.services import Services
from commands.authorize import LOCAL, Principal, Unauthenticated
from domain.errors import Forbidden, RepriseError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
BEARER = "reprise.bearer."
DEFAULT_PORTS = {"http": 80, "https": 443}


class Doorkeeper(ASGIMiddleware):
    """Refuse strangers, and say as ``request.user`` who asks; handlers marked ``open`` are for every caller."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, services: Services):
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let a request in with its principal, or raise Misdirected, Forbidden, Unauthenticated; answer a WebSocket."""
        try:
            self._let_in(scope)
        except RepriseError as fault:
            if scope["type"] != ScopeType.WEBSOCKET:
                raise
            await _deny(fault, scope["path"], send)
        else:
            await next_app(scope, receive, send)

    def _let_in(self, scope: Scope) -> None:
        headers = Headers.from_scope(scope)
        host, hosts = headers.get("host", ""), self._services.hosts
        # The page behind a WebSocket was served over HTTP.
        scheme = scope["scheme"].replace("ws", "http")
        check_host(host, (*LOOPBACK_NAMES, *hosts))
        check_origin(headers.get("origin"), (f"{scheme}://{host}", *(f"https://{name}" for name in hosts)))
        if not scope["route_handler"].opt.get("open"):
            scope["user"] = identify_from(self._services, scope)


async def _deny(fault: RepriseError, path: str, send: Send) -> None:
    """Answer a handshake with the problem, as HTTP can, and not with a WebSocket."""
    told = problem_of(fault, path)
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "websocket.http.response.start", "status": told.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": msgspec.json.encode(told), "more_body": False})


def spoken_protocol(scope: Scope, name: str) -> str | None:
    """Return the subprotocol to accept a WebSocket with: ``name`` where it was offered, None where none was."""
    return name if name in _protocols(scope) else None


def _protocols(scope: Scope) -> Sequence[str]:
    return scope["subprotocols"] if scope["type"] == ScopeType.WEBSOCKET else ()


def _bearer(protocols: Sequence[str]) -> str:
    """Return a token among subprotocols in the form of the header."""
    return next((f"Bearer {each.removeprefix(BEARER)}" for each in protocols if each.startswith(BEARER)), "")


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


def identify_from(services: Services, scope: Scope, said: str = "") -> Principal:
    """Return who asks, by the request, or by what was said in the header's form over the connection it opened."""
    shown = said or Headers.from_scope(scope).get("authorization", "") or _bearer(_protocols(scope))
    return identify(services, _client(scope), shown)


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
