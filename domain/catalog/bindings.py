"""Say which security schemes of an API are bound, and to what; the newest binding of a scheme counts."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import assert_never
from urllib.parse import urlsplit

from domain.catalog.events import Binding, BindingEvent, SchemeBound, SchemeUnbound


def bindings_of(events: Iterable[BindingEvent]) -> tuple[Binding, ...]:
    """Return what holds after these events of one API's bindings, by scheme and by the place beside the API's own."""
    held: dict[tuple[str, str], Binding] = {}
    for event in events:
        match event:
            case SchemeBound(binding=binding):
                held[binding.scheme, binding.origin if binding.beside else ""] = binding
            case SchemeUnbound(scheme=scheme):
                held = {key: each for key, each in held.items() if key[0] != scheme}
            case _:
                assert_never(event)
    return tuple(held[key] for key in sorted(held))


def in_clear(url: str, *, private: bool) -> str:
    """Say why a credential must not be sent to a URL; an empty text where it may. Raises ValueError.

    Without encryption nothing proves who answers: then only an address will do, on a network of one's own, and no
    name that may come to mean another.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ""
    if not private:
        return "it would travel in clear over a public network"
    return "" if _is_address(parts.hostname or "") else "it would travel in clear to whoever answers for a name"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, in the one form in which origins are compared; raises ValueError."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.lower()
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
