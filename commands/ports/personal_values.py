"""Name what seals personal values, and what marks them."""

from typing import NamedTuple, Protocol

from domain.catalog.events import Tool
from domain.redaction.texts import Marks


class Seal(Protocol):
    """Seal the values of one session, each for the token that stands for it."""

    @property
    def digest_key(self) -> bytes:
        """Return the key under which digests of these values are taken, so that nobody can guess what they are of."""
        ...

    def close(self, token: str, value: str) -> str:
        """Seal a value."""
        ...

    def open(self, token: str, sealed: str) -> str:
        """Return a sealed value; raises NotPossible for what was not sealed so, for this token."""
        ...


class SessionKeys(Protocol):
    """Keep a key for each session, apart from the log."""

    async def seal(self, tenant: str, session: str, *, make: bool = False) -> Seal | None:
        """Return the seal of a session, made durably if it has none and ``make`` says so.

        None where there is no key for it, or no master key. Raises NotPossible for a key under another master key, and
        Unavailable.
        """
        ...

    async def keyed(self, digest: str) -> str:
        """Return a digest taken again under a key of ours, as it is where there is none."""
        ...


class Marked(Protocol):
    """Know which places of a call the document of its tool marks as personal or secret."""

    async def marked(self, tenant: str, tool: Tool) -> "MarkedPlaces":
        """Return them; nothing where the document cannot be read. Raises Unavailable."""
        ...


class MarkedPlaces(NamedTuple):
    """Hold the marked paths in the arguments of a tool, and in its answers."""

    arguments: Marks
    answers: Marks
