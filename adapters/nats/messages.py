"""Write a stored event as a NATS message and read it back.

Headers are CloudEvents in binary mode (source: CloudEvents NATS protocol binding 1.0), with the stream's version
and the tenant in our own, and a W3C traceparent where a session is traced; the body is the stored event, byte for byte.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from commands.ports import LogNotification
from domain.tracing import traceparent
from projections.ports import Recorded

VERSION = "Reprise-Version"
TENANT = "Reprise-Tenant"
EVENT_ID = "ce-id"
TRACEPARENT = "traceparent"


class _Dated(msgspec.Struct):
    at: str = ""


_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_DATED = msgspec.json.Decoder(_Dated)


def subject(prefix: str, event: LogNotification) -> str:
    """Return ``<prefix>.<aggregate>.<stream id>.<type without version>``."""
    aggregate, kind = _words(event.topic)
    return f"{prefix}.{aggregate}.{event.originator_id}.{kind}"


@lru_cache(4096)
def _words(topic: str) -> tuple[str, str]:
    # The log carries what others write as well: no topic may jam the relay.
    aggregate, _, rest = topic.partition(".")
    kind = rest.rpartition(".")[0] or rest or "unnamed"
    return _UNSAFE.sub("_", aggregate) or "unnamed", _UNSAFE.sub("_", kind)


def headers(event: LogNotification, source: str) -> dict[str, str]:
    """Return the headers of an event; ``source`` names the log it comes from."""
    given = {
        "ce-specversion": "1.0",
        EVENT_ID: event.event_id.hex,
        "ce-source": source,
        "ce-type": event.topic,
        "ce-subject": str(event.originator_id),
        VERSION: str(event.originator_version),
        TENANT: event.tenant,
    }
    if at := _time(event.state):
        given["ce-time"] = at
    if event.topic.startswith("session."):
        given |= trace_headers(cast(UUID, event.originator_id))
    return given


@lru_cache(4096)
def trace_headers(session: UUID) -> Mapping[str, str]:
    """Return the header that makes what follows from a message part of its session's trace."""
    return {TRACEPARENT: traceparent(session)}


def _time(state: bytes) -> str:
    try:
        return _DATED.decode(state).at
    except msgspec.DecodeError:  # not one of ours, or encrypted
        return ""


def sequence(message: Msg) -> int:
    """Return a delivered message's sequence in its stream, from the reply subject that acknowledges it."""
    # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>, or with
    # <domain>.<account hash> behind ACK.
    parts = message.reply.split(".")
    return int(parts[5 if len(parts) == 9 else 7])


def from_message(message: Msg) -> Recorded:
    """Read a stored event from a delivered message."""
    given = message.headers or {}
    return Recorded(
        position=sequence(message),
        stream=UUID(given["ce-subject"]),
        version=int(given[VERSION]),
        topic=given["ce-type"],
        tenant=given[TENANT],
        event_id=UUID(given[EVENT_ID]),
        state=message.data,
    )


def from_log(event: LogNotification) -> Recorded:
    """Return a row of the log in the read side's form."""
    return Recorded(
        position=event.id,
        stream=cast(UUID, event.originator_id),
        version=event.originator_version,
        topic=event.topic,
        tenant=event.tenant,
        event_id=event.event_id,
        state=event.state,
    )
