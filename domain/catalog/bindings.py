"""Say which security schemes of an API are bound, and to what; the newest binding of a scheme counts."""

from collections.abc import Iterable
from typing import assert_never
from urllib.parse import urlsplit

from domain.catalog.events import Binding, BindingEvent, SchemeBound, SchemeUnbound


def bindings_of(events: Iterable[BindingEvent]) -> tuple[Binding, ...]:
    """Return what holds after these events of one API's bindings, by scheme."""
    held: dict[str, Binding] = {}
    for event in events:
        match event:
            case SchemeBound(binding=binding):
                held[binding.scheme] = binding
            case SchemeUnbound(scheme=scheme):
                held.pop(scheme, None)
            case _:
                assert_never(event)
    return tuple(held[scheme] for scheme in sorted(held))


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, in the one form in which origins are compared; raises ValueError."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    scheme = parts.scheme.lower()
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
