"""Read what requests to tools and models may reach, as the operator set it."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeAlias, get_args

import msgspec

from domain.errors import Invalid

Listing: TypeAlias = Literal["allow", "deny"]
NAME = "REPRISE_EGRESS__"
_KINDS: tuple[Listing, ...] = get_args(Listing)
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f]*:[0-9a-f:]*")


class EgressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Say what may be dialled, each list with commas between.

    A denied host or network stays denied, private APIs included; where any are allowed, no others are. A host is a
    name, or ``*.name`` for all below it. ``ports`` are those that need no registration. ``ca_file`` holds authorities
    in PEM that are trusted beside the usual ones.
    """

    ports: str = "80,443"
    allow_hosts: str = ""
    deny_hosts: str = ""
    allow_networks: str = ""
    # Where clouds keep the credentials of the machine itself.
    deny_networks: str = "169.254.0.0/16,fe80::/10,fd00:ec2::254/128"
    ca_file: str = ""

    def check(self) -> None:
        """Read everything once; raise Invalid naming the variable, what was expected and what came."""
        _ = (self.port_numbers, *map(self.hosts, _KINDS), *map(self.networks, _KINDS))

    @property
    def port_numbers(self) -> tuple[int, ...]:
        """Return the ports."""
        return tuple(_port(f"{NAME}PORTS", each) for each in listed(self.ports))

    def hosts(self, kind: Listing) -> tuple[str, ...]:
        """Return the patterns of hosts."""
        text = self.allow_hosts if kind == "allow" else self.deny_hosts
        return tuple(_host(f"{NAME}{kind.upper()}_HOSTS", each) for each in listed(text))

    def networks(self, kind: Listing) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the networks."""
        text = self.allow_networks if kind == "allow" else self.deny_networks
        return tuple(_network(f"{NAME}{kind.upper()}_NETWORKS", each) for each in listed(text))


def listed(text: str) -> list[str]:
    """Return what stands between the commas of a text."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 65535):
        raise Invalid(f"Expected {name} to list ports from 1 to 65535, but it names {text[:50]!r}.")
    return int(text[:6])


def _host(name: str, text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise Invalid(f"Expected {name} to list names such as api.example.com or *.example.com, not {text[:80]!r}.")
    return text.lower()


def _network(name: str, text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise Invalid(f"Expected {name} to list networks such as 10.0.0.0/8 or fd00::/8, but {fault}.") from fault
