"""Derive identifiers, so that the same cause gives the same name on every machine."""

import hashlib
from uuid import UUID, uuid5

_NAMED_STREAMS = UUID("6f1d8e0a-5f0f-5b55-9d0c-7e9d1f3c2a41")


def derive(*parts: str | int) -> str:
    """Derive an identifier of 32 hexadecimal digits from its parts, in their order."""
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def named_stream(tenant: str, aggregate: str, name: str) -> UUID:
    """Return the stream of something that has a name of its own: an agent, a document."""
    return uuid5(_NAMED_STREAMS, f"{tenant}/{aggregate}/{name}")


SESSION_CHARACTERS = 36


def session_of(within: str) -> str:
    """Return the id of the session that an approval or a dead letter belongs to: their ids begin with it."""
    return within[:SESSION_CHARACTERS]
