"""Resolve a name once, judge every address it has, and dial exactly those.

Checking a name first and letting the client resolve it again would leave a gap in which the answer can
change.
"""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from adapters.http.addresses import is_public


class AddressRefused(Exception):
    """Refuse a host because of the addresses it resolves to."""


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Open connections to resolved addresses only; without ``allow_private`` each must be public."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try a host's addresses in their order; raises AddressRefused, or ConnectError of the last one."""
        *others, last = await self._resolve(host, port)
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as fault:
            raise httpcore.ConnectError(f"the name {host} has no address: {fault}") from fault
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        private = [address for address in addresses if not is_public(address)]
        if private and not self._allow_private:
            named = host if host == private[0] else f"{host}, which is {private[0]}"
            raise AddressRefused(
                f"Expected a public address, but got {named}; register the API with --allow-private if that is meant."
            )
        return addresses


class PinnedTransport(httpx.AsyncHTTPTransport):
    """Be httpx's transport over a pool whose connections are pinned; nothing is read from the environment."""

    def __init__(self, *, allow_private: bool, connections: int) -> None:
        # httpx has no public way to name a network backend, so its pool is replaced by one that has it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=PinnedBackend(allow_private=allow_private),
        )
