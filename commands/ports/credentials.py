"""Name what keeps secrets, and what they are bound to."""

from typing import Protocol

from domain.catalog.events import Binding


class Secrets(Protocol):
    """Read secrets where references say, ``env:NAME``, ``file:/PATH`` or ``vault:PATH#KEY``, as far as they are open.

    No error of it repeats a secret, nor a text that should have been a reference and may be one.
    """

    def permit(self, reference: str, *, tenant: str) -> None:
        """Raise Invalid for what is no reference, and Forbidden for one that a tenant's bindings may not name."""
        ...

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return a secret; raises Refused where it is not there or may not be read, and Unavailable."""
        ...


class Bindings(Protocol):
    """Know what the security schemes of an API are bound to at this moment."""

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound; raises Unavailable."""
        ...
