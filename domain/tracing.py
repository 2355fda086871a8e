"""Derive the ids under which a session is traced, so that whoever has its log finds the same ones.

A trace is one session. Each span stands for one thing that the session did, and is named after it: `SESSION`, the
step, the call, the fact of a command. A W3C traceparent says both ids in one line
(https://www.w3.org/TR/trace-context/#traceparent-header).
"""

import re
from uuid import UUID

import msgspec

from domain.ids import derive

SESSION = "session"

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.{0,200})?"
)


class SpanContext(msgspec.Struct, frozen=True, kw_only=True):
    """Name a span: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str


def span_context(session: UUID | str, effect: str = SESSION) -> SpanContext:
    """Return the ids of what a session did under this name."""
    return SpanContext(trace_id=derive(str(session)), span_id=derive(str(session), effect)[:16])


def traceparent(session: UUID | str, effect: str = SESSION) -> str:
    """Return the header that makes others' spans children of a session's, marked as sampled."""
    named = span_context(session, effect)
    return f"00-{named.trace_id}-{named.span_id}-01"


def read_traceparent(text: str) -> SpanContext | None:
    """Return the span that a traceparent names, None where it is malformed: then its sender is to be ignored."""
    found = _TRACEPARENT.fullmatch(text)
    if found is None or (found["more"] and text.startswith("00")):
        return None
    named = SpanContext(trace_id=found["trace"], span_id=found["span"])
    return named if int(named.trace_id, 16) and int(named.span_id, 16) else None
