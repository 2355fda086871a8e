"""Say what may be dialled at all, as the operator set it: ports, hosts and networks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from adapters.http.addresses import is_public, wrapped

if TYPE_CHECKING:
    from adapters.http.hosts import Place

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


class AddressRefused(Exception):
    """Refuse a host because of its name, its port or the addresses it resolves to."""


class Egress(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what the operator allows. What is denied stays denied; what is allowed is all, where anything is listed.

    A host is a name, or ``*.name`` for all names below it. ``ca_file`` holds further authorities, in PEM.
    """

    ports: tuple[int, ...] = (80, 443)
    allow_hosts: tuple[str, ...] = ()
    deny_hosts: tuple[str, ...] = ()
    allow_networks: tuple[Network, ...] = ()
    deny_networks: tuple[Network, ...] = ()
    ca_file: str = ""

    def check_place(self, place: Place, *, listed_port: bool) -> None:
        """Raise AddressRefused where a host is not to be dialled by its name, or its port by its number."""
        if listed_port and place.port not in self.ports:
            listed = ", ".join(map(str, self.ports))
            raise AddressRefused(
                f"Expected a URL that nobody registered to name one of the ports {listed}, not {place.port}: add it to "
                "REPRISE_EGRESS__PORTS, or say --allow-private if a private address is meant."
            )
        if _names(self.deny_hosts, place.host):
            raise AddressRefused(f"The host {place.host} is denied: see REPRISE_EGRESS__DENY_HOSTS.")
        if self.allow_hosts and not _names(self.allow_hosts, place.host):
            raise AddressRefused(f"The host {place.host} is not among REPRISE_EGRESS__ALLOW_HOSTS.")

    def check_address(self, host: str, text: str, *, allow_private: bool) -> None:
        """Raise AddressRefused where an address, as getaddrinfo writes it, is not to be dialled for a host."""
        named = host if host == text else f"{host}, which is {text}"
        if not allow_private and not is_public(text):
            raise AddressRefused(
                f"Expected a public address, but got {named}; register the API with --allow-private if that is meant."
            )
        address = ip_address(text.partition("%")[0])
        meant = [address, *wrapped(address)]
        if any(_within(self.deny_networks, each) for each in meant):
            raise AddressRefused(f"The address of {named} is denied: see REPRISE_EGRESS__DENY_NETWORKS.")
        if self.allow_networks and not all(_within(self.allow_networks, each) for each in _stands_for(address)):
            raise AddressRefused(f"The address of {named} is not among REPRISE_EGRESS__ALLOW_NETWORKS.")


def _stands_for(address: Address) -> list[Address]:
    """Return what an address stands for: what is wrapped in it, else itself."""
    inner: list[Address] = list(wrapped(address))
    return inner or [address]


def _within(networks: tuple[Network, ...], address: Address) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _names(patterns: tuple[str, ...], host: str) -> bool:
    return any(host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:])) for pattern in patterns)
