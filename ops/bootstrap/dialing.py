"""Compose the one way out, within what the operator allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from adapters.http.egress import Egress
from commands.ports import HttpRequest, HttpResponse, HttpStream
from ops.settings import Settings

if TYPE_CHECKING:
    from adapters.http.dialer import HttpDialer


class LateDialer:
    """Implement the StreamingDialer port by an HttpDialer that is made for the first request.

    Its library and the authorities that it reads take a fifth of a verb's start, and most verbs send nothing.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._made: HttpDialer | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send once; raises DialFault."""
        return await self.make().send(request)

    def stream(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpStream]:
        """Send once and give the answer while it comes; raises DialFault."""
        return self.make().stream(request)

    def make(self) -> HttpDialer:
        """Return the dialer, made where there is none yet; raises Invalid where its authorities cannot be read."""
        if self._made is None:
            from adapters.http.dialer import HttpDialer

            self._made = HttpDialer(self._egress)
        return self._made

    async def close(self) -> None:
        """Close the connections, where there are any."""
        if self._made is not None:
            await self._made.close()


@asynccontextmanager
async def open_dialer(settings: Settings) -> AsyncIterator[LateDialer]:
    """Yield the dialer of a process; raises Invalid where the operator's authorities cannot be read."""
    said = settings.egress
    dialer = LateDialer(
        Egress(
            ports=said.port_numbers,
            allow_hosts=said.hosts("allow"),
            deny_hosts=said.hosts("deny"),
            allow_networks=said.networks("allow"),
            deny_networks=said.networks("deny"),
            ca_file=said.ca_file,
        )
    )
    if said.ca_file:
        dialer.make()
    try:
        yield dialer
    finally:
        await dialer.close()
