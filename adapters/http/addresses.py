"""Tell public addresses from all others.

``ipaddress.is_global`` alone lets forms pass that lead back inside: IPv4 wrapped into IPv6 in its several
ways. So an IPv6 address is public only within 2000::/3, and only if nothing is wrapped in it.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Python's own lists of these differ from one version to the next.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATING = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
_LAST_FOUR = (
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("64:ff9b::/96"),
    IPv6Network("::ffff:0:0:0/96"),
)
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_public(text: str) -> bool:
    """Tell whether an address, as getaddrinfo writes it, is reachable by everyone and nothing else."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL)
    return _plain(address)


def wrapped(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address carries: mapped, compatible, NAT64, 6to4, Teredo, ISATAP."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return
    low = int(address) & 0xFFFFFFFF
    if any(address in network for network in _LAST_FOUR) or address in _LOCAL_NAT64 or _is_isatap(address):
        yield IPv4Address(low)
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo


def _plain(address: IPv6Address) -> bool:
    translated = any(address in network for network in _TRANSLATING)
    return address in _GLOBAL_UNICAST and not translated and not _is_isatap(address)


def _is_isatap(address: IPv6Address) -> bool:
    return (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
