"""Resolve a name once, judge every address it has, and dial exactly those.

Checking a name first and letting the client resolve it again would leave a gap in which the answer can
change.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any, TypeAlias

import httpcore
import httpx

from adapters.http.egress import AddressRefused, Egress
from domain.errors import Invalid

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Return the addresses of a host, as getaddrinfo writes them; raises OSError."""


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Open connections to resolved addresses only; each must be one that may be dialled."""

    def __init__(
        self, egress: Egress, *, allow_private: bool, resolve: Resolve, inner: httpcore.AsyncNetworkBackend
    ) -> None:
        self._egress = egress
        self._allow_private = allow_private
        self._resolve = resolve
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try a host's addresses in their order; raises AddressRefused, or ConnectError of the last one."""
        *others, last = await self._addresses(host, port)
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        addresses = [host] if _is_address(host) else await self._resolved(host, port)
        for address in addresses:
            self._egress.check_address(host, address, allow_private=self._allow_private)
        return addresses

    async def _resolved(self, host: str, port: int) -> list[str]:
        try:
            found = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError) as fault:
            raise httpcore.ConnectError(f"the name {host} has no address: {fault}") from fault
        odd = [address for address in found if not _is_address(address.partition("%")[0])]
        if odd or not found:
            raise AddressRefused(f"Expected the addresses of {host}, but got {odd[:1] or 'none'}.")
        return found


class PinnedTransport(httpx.AsyncHTTPTransport):
    """Be httpx's transport over a pool whose connections are pinned; nothing is read from the environment."""

    def __init__(self, backend: PinnedBackend, *, context: ssl.SSLContext, connections: int) -> None:
        # httpx has no public way to name a network backend, so its pool is replaced by one that has it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=backend,
        )


def tls(ca_file: str) -> ssl.SSLContext:
    """Return what verifies servers: by the usual authorities and those of a PEM file; raises Invalid."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as fault:
            reason = fault.strerror or fault
            raise Invalid(
                f"Expected certificates in PEM in REPRISE_EGRESS__CA_FILE, but {ca_file} gives none: {reason}."
            ) from fault
    return context


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
