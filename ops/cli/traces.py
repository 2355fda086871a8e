"""Show a session's trace as the log tells it: the spans that were exported, and those that are still open."""

from datetime import datetime
from typing import Any
from uuid import UUID

import click
import msgspec

from commands.replaying import read_rows
from domain.upcasting import Unknown, read_session
from ops.bootstrap.core import open_store
from ops.bootstrap.servers import addresses
from ops.cli.output import result
from ops.cli.reach import session_id
from ops.cli.verb import settings, verb
from projections import conventions as named
from projections.spans import Span
from projections.traces import Trace


@verb()
@click.argument("session")
async def trace(session: str) -> None:
    """Show a session as a trace: what was done for what, and how long each took."""
    named = session_id(session)
    async with addresses(settings(), nats=False) as where, open_store(where) as store:
        rows = await read_rows(store, named)
    told = Trace(named)
    events = (read_session(row.topic, row.state) for row in rows)
    closed = told.take(None if isinstance(event, Unknown) else event for event in events)
    spans = sorted([*closed, *told.open.values()], key=lambda span: span.start)
    result(_as_json(named, spans), lambda: _as_tree(spans))


def _as_json(session: UUID, spans: list[Span]) -> dict[str, Any]:
    trace_id = spans[0].ids.trace_id if spans else ""
    return {"session_id": session, "trace_id": trace_id, "spans": [_shown(span) for span in spans]}


def _shown(span: Span) -> dict[str, Any]:
    parent = span.parent_ids
    return {
        **msgspec.structs.asdict(span),
        "span_id": span.ids.span_id,
        "parent_id": parent.span_id if parent else "",
    }


def _as_tree(spans: list[Span]) -> str:
    if not spans:
        return "Nothing of this session is traced: it has no goal."
    children: dict[str, list[Span]] = {}
    for span in spans:
        children.setdefault(span.parent, []).append(span)
    lines = [f"trace {spans[0].ids.trace_id}", *_below("", children, spans[0].start, "")]
    return "\n".join(lines)


def _below(parent: str, children: dict[str, list[Span]], begun: datetime, indent: str) -> list[str]:
    lines = []
    for span in children.get(parent, []):
        lines += [_line(span, begun, indent), *_below(span.effect, children, begun, indent + "  ")]
    return lines


def _line(span: Span, begun: datetime, indent: str) -> str:
    took = f"{(span.end - span.start).total_seconds():8.3f} s" if span.end else "      open"
    notes = ", ".join(note.name for note in span.notes)
    parts = [span.name, _which(span), span.error, f"[{notes}]" if notes else ""]
    return f"  +{(span.start - begun).total_seconds():7.3f}  {took}  {indent}{'  '.join(filter(None, parts))}"


def _which(span: Span) -> str:
    """Tell a step, a question or a call apart from others of its kind."""
    return f"({span.effect})" if named.STEP in span.attributes or named.PURPOSE in span.attributes else ""
