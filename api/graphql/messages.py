"""Read and write the messages of graphql-transport-ws.

Source: the protocol's description, PROTOCOL.md of enisdenjo/graphql-ws.
"""

from typing import Annotated, Any, TypeAlias

import msgspec

from api.graphql.asked import Asked
from domain.encoding import encode
from domain.errors import Invalid

PROTOCOL = "graphql-transport-ws"

OperationId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Say who begins; ``authorization`` is what the header would be, for pages cannot set it."""

    authorization: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Be the parent of what a client may say."""


class Init(Message, frozen=True, kw_only=True, tag="connection_init"):
    """Begin to speak."""

    payload: Opening | None = None


class Ping(Message, frozen=True, kw_only=True, tag="ping"):
    """Ask whether somebody is there."""

    payload: dict[str, Any] | None = None


class Pong(Message, frozen=True, kw_only=True, tag="pong"):
    """Say that somebody is there."""

    payload: dict[str, Any] | None = None


class Subscribe(Message, frozen=True, kw_only=True, tag="subscribe"):
    """Begin an operation under an id of the client's."""

    id: OperationId
    payload: Asked


class Complete(Message, frozen=True, kw_only=True, tag="complete"):
    """End an operation."""

    id: OperationId


Said: TypeAlias = Init | Ping | Pong | Subscribe | Complete
_DECODER: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def understood(frame: Any) -> Said:
    """Return what a client said in a frame; raise Invalid."""
    text = frame.get("text")
    if text is None:
        raise Invalid("Expected frames of text, but got bytes.")
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise Invalid(f"Expected a message of {PROTOCOL}, but: {fault}.") from fault


def written(kind: str, id: str = "", **fields: Any) -> str:
    """Return a message to a client."""
    said = {"type": kind, **fields}
    return encode({**said, "id": id} if id else said).decode()
