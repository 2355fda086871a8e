"""Name what makes requests of arguments and sends them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import msgspec

from domain.catalog.events import Binding, Tool
from domain.catalog.state import Document
from domain.encoding import Json
from domain.session.events import EffectClass, Failure, Paging


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a request would be, or in ``problems`` why the arguments do not make one."""

    operation: str = ""
    document: str = ""
    effect_class: EffectClass = "write"
    repeatable: bool = False
    request_digest: str = ""
    problems: tuple[str, ...] = ()


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a call up to the socket: what was checked and, unless something stands against it, what would be sent.

    Neither the idempotency key nor any credential is in it: both are added when the call is sent. ``pages`` is how many
    pages of the answer would be read at most.
    """

    checked: Checked
    method: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pages: int = 1


class ToolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a tool's successful answer; ``mismatches`` are where it is not what the document says, at most ten.

    With ``paging`` the body holds several pages, as ``{"pages": […], "ended": …}``.
    """

    status: int
    body: bytes
    latency_ms: int
    mismatches: tuple[str, ...] = ()
    paging: Paging | None = None


class ToolFault(Exception):
    """Report a failed attempt in the session's own words."""

    def __init__(self, failure: Failure, reason: str, *, status: int = 0, latency_ms: int = 0, retry_after_ms: int = 0):
        super().__init__(reason)
        self.failure: Failure = failure
        self.status = status
        self.latency_ms = latency_ms
        self.retry_after_ms = retry_after_ms


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """Name one call: the operation in its pinned document, and the arguments as the agent chose them.

    Where ``arguments`` hold values that the log must not tell, the digest of their request is taken under a key.
    """

    tenant: str
    tool: Tool
    document: Document
    arguments: Json
    digest_key: bytes = b""

    @property
    def base_url(self) -> str:
        """Return where the call goes: to the tool's own server, or else to its API's."""
        return self.tool.server or self.document.base_url


Turn: TypeAlias = Callable[[int], Awaitable[bool]]
"""Tells whether a call may ask for one page more now, when it has read so many."""


async def any_time(read: int) -> bool:
    """Give every page its turn."""
    return True


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a tool; ``parameters`` is a JSON Schema of what stands at ``at`` in its arguments."""

    text: str
    at: str
    parameters: Json


class Tools(Protocol):
    """Check and send calls to operations of registered documents, and describe these."""

    async def describe(self, tenant: str, tool: Tool, *, at: str, depth: int) -> Description:
        """Describe a tool in full, and what a JSON pointer into its arguments leads to; raises Invalid, NotFound."""
        ...

    async def answer_mismatches(
        self, tenant: str, tool: Tool, status: int, body: bytes, *, paged: bool = False
    ) -> tuple[str, ...]:
        """Hold a recorded JSON answer against what a tool's document says, and return at most ten differences.

        Each is a JSON pointer, a colon and words; an answer of which the document says nothing is one. ``paged``: pages
        were asked for, and each is held against it. Nothing is sent.
        """
        ...

    async def check(self, call: ToolCall) -> Checked:
        """Hold arguments against the operation's schema and digest the request that they make; nothing is sent."""
        ...

    async def prepare(self, call: ToolCall) -> Prepared:
        """Check a call and build the very request that would be sent; nothing is."""
        ...

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what a call would carry as it is bound now: nothing where it needs nothing, or cannot have it."""
        ...

    async def send(
        self,
        call: ToolCall,
        *,
        request_digest: str,
        idempotency_key: str,
        timeout_ms: int,
        not_after: datetime,
        credentials: tuple[Binding, ...] = (),
        turn: Turn = any_time,
    ) -> ToolAnswer:
        """Send exactly the request with this digest, once, and begin by ``not_after``; raises ToolFault.

        The secrets of ``credentials`` are read for it, and go nowhere else. Where the call asks for pages, further
        requests of it follow where the answers lead within its API, each in its ``turn``.
        """
        ...


class Rates(Protocol):
    """Keep how often tools are called, by all workers together."""

    async def wait(self, tenant: str, holder: str, limits: Mapping[str, int], patience: timedelta) -> timedelta:
        """Return how long a call must wait for its turn under limits in calls a minute, zero where it may be sent.

        ``holder`` names the attempt, which keeps its turn while it waits; it is not given one beyond its patience.
        Raises Unavailable.
        """
        ...
