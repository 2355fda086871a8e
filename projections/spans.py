"""Hold what a session did as spans, the open ones by name, each with the ids that everybody derives alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from domain.tracing import SpanContext, span_context
from projections import conventions as named

MOST_NOTES = 100

Value: TypeAlias = str | int | tuple[str, ...]
Kind: TypeAlias = Literal["internal", "client"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Be something that happened during a span; OpenTelemetry calls it the span's event."""

    name: str
    at: datetime
    attributes: Mapping[str, Value]


class Span(msgspec.Struct, kw_only=True):
    """Be something that a session did from ``start`` to ``end``, None while it lasts.

    ``effect`` names it within its session, ``parent`` what it was done for, "" for the session itself. ``error`` is ""
    where it went well. ``link`` is the span of a stranger that asked for it.
    """

    session: str
    effect: str
    parent: str
    name: str
    start: datetime
    end: datetime | None = None
    kind: Kind = "internal"
    error: str = ""
    attributes: dict[str, Value] = {}
    notes: list[Note] = []
    link: SpanContext | None = None

    @property
    def ids(self) -> SpanContext:
        """Return the ids under which it is exported."""
        return span_context(self.session, self.effect)

    @property
    def parent_ids(self) -> SpanContext | None:
        """Return the ids of the span that it belongs to."""
        return span_context(self.session, self.parent) if self.parent else None

    def ended(self, at: datetime) -> "Span":
        """Say that it ended; the clocks of two workers may differ, but it did not end before it began."""
        self.end = max(at, self.start)
        if self.error:
            self.attributes[named.ERROR] = self.error
        return self


class Spans:
    """Open, complete and close the spans of one session; what concerns a span that is not open is left out."""

    def __init__(self, session: str):
        self.open: dict[str, Span] = {}
        self._session = session

    def make(
        self, effect: str, parent: str, operation: str, what: str, at: datetime, attributes: Mapping[str, Value]
    ) -> Span:
        """Return a span of this session that begins at a time, named after its operation and ``what`` that is about."""
        given = {named.OPERATION: operation, named.CONVERSATION: self._session, **attributes}
        name = f"{operation} {what}" if what else operation
        return Span(session=self._session, effect=effect, parent=parent, name=name, start=at, attributes=given)

    def begin(
        self, effect: str, parent: str, operation: str, what: str, at: datetime, attributes: Mapping[str, Value]
    ) -> Span:
        """Open a span and return it."""
        return self.begin_as(effect, self.make(effect, parent, operation, what, at, attributes))

    def begin_as(self, name: str, span: Span) -> Span:
        """Open a span under another name than its own: what is done again goes by the name of the first time."""
        self.open[name] = span
        return span

    def add(self, effect: str, attributes: Mapping[str, Value]) -> None:
        """Add to what is said of a span."""
        if span := self.open.get(effect):
            span.attributes.update(attributes)

    def note(self, effect: str, name: str, at: datetime, attributes: Mapping[str, Value] | None = None) -> None:
        """Note what happened during a span, up to a bound."""
        span = self.open.get(effect)
        if span and len(span.notes) < MOST_NOTES:
            span.notes.append(Note(name=name, at=at, attributes=attributes or {}))

    def suspect(self, effect: str, error: str) -> None:
        """Keep what went wrong last, for the case that the span is given up without saying more."""
        if span := self.open.get(effect):
            span.error = error

    def close(
        self, effect: str, at: datetime, error: str = "", attributes: Mapping[str, Value] | None = None
    ) -> list[Span]:
        """Close a span and return it; what went well in the end went well, whatever was tried before."""
        span = self.open.pop(effect, None)
        if span is None:
            return []
        span.error = error
        span.attributes.update(attributes or {})
        return [span.ended(at)]

    def give_up(self, effect: str, at: datetime) -> list[Span]:
        """Close a span that was left behind, with what went wrong last."""
        span = self.open.get(effect)
        return self.close(effect, at, (span.error if span else "") or "given-up")
