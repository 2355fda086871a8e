"""Name the one way out, and what travels on it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one HTTP request; ``origin`` is the only scheme, host and port that may be dialled for it.

    Not a byte of it may be written later than ``not_after``. ``listed_port``: nobody registered the origin, so its port
    must be one that the operator lists. A reading request is sent again to at most ``follow`` redirects, as long as
    they stay at the origin and below the path ``prefix``. ``idle_ms`` is the longest that a streamed answer may pause.
    """

    method: str
    url: str
    origin: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_ms: int = 10_000
    max_bytes: int = 1 << 20
    allow_private: bool = False
    not_after: datetime | None = None
    listed_port: bool = False
    follow: int = 0
    prefix: str = "/"
    idle_ms: int = 60_000


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one HTTP response; header names are lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    latency_ms: int

    def header(self, name: str) -> str:
        """Return a header's first value, or an empty string."""
        return next((value for key, value in self.headers if key == name.lower()), "")


class DialFault(Exception):
    """Report that no complete response came; ``sent`` tells whether the request may have reached the server.

    ``refused`` tells that it may not be dialled at all, so that sending it again cannot help.
    """

    def __init__(self, reason: str, *, sent: bool, refused: bool = False):
        super().__init__(reason)
        self.sent = sent
        self.refused = refused


class Dialer(Protocol):
    """Send one request, without proxies or retries; a redirect is an answer, unless the request asks to follow it."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send the request once and read the whole response."""
        ...


class HttpStream(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an answer while it comes; header names are lower case. Reading ``pieces`` raises DialFault."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: AsyncIterator[bytes]


class StreamingDialer(Dialer, Protocol):
    """Be a dialer whose answers can also be read while they come."""

    def stream(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpStream]:
        """Send the request once, by the same rules, and give its answer; raises DialFault.

        An answer of more than ``max_bytes`` bytes, one that pauses for longer than ``idle_ms``, and one that has not
        ended when the time-out is over, are faults. No redirect is followed.
        """
        ...
