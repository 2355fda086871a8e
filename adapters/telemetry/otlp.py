"""Send spans to an OpenTelemetry collector over OTLP/HTTP.

This is the only module that imports opentelemetry, and it is imported only where an endpoint is set. Our spans are
over when they come here and have their ids, so they are handed to the exporter as the SDK's readable spans: its tracer
would draw other ids.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event as SpanEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace import SpanContext as OtelContext

from domain.tracing import SpanContext
from projections.spans import Span

PATH = "/v1/traces"
TIMEOUT_SECONDS = 3.0
LONGEST_SECONDS = 2 * TIMEOUT_SECONDS
"""How long an answer is waited for that comes byte by byte, each of them in time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}
_SCOPE = InstrumentationScope("reprise")


class OtlpExporter:
    """Send spans to one endpoint, and nowhere else: no proxy of the environment is asked, no redirect is followed.

    Headers and certificates may be set as OpenTelemetry says: ``OTEL_EXPORTER_OTLP_HEADERS``, ``…_CERTIFICATE``.
    """

    def __init__(self, endpoint: str, *, service: str, instance: str, role: str):
        # What it says of each failure is said once by who calls it.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        session = requests.Session()
        session.trust_env, session.stream = False, True
        session.hooks["response"] = [_heard]
        url = endpoint if endpoint.endswith(PATH) else endpoint.rstrip("/") + PATH
        self._exporter = OTLPSpanExporter(
            endpoint=url, timeout=TIMEOUT_SECONDS, session=session, compression=Compression.Gzip
        )
        named = {"service.name": service, "service.instance.id": instance, "reprise.role": role}
        self._resource = Resource.create(named)
        self._sending = threading.Thread()

    def export(self, spans: Sequence[Span]) -> bool:
        """Send spans and tell whether they arrived; blocks for a few seconds at most, whatever the endpoint does."""
        if self._sending.is_alive():  # what went out before is still being answered
            return False
        readable, results = [_readable(span, self._resource) for span in spans], list[SpanExportResult]()
        # A thread that no end of this process waits for, as it would for one of a pool.
        self._sending = threading.Thread(target=lambda: results.append(self._exporter.export(readable)), daemon=True)
        self._sending.start()
        self._sending.join(LONGEST_SECONDS)
        return results == [SpanExportResult.SUCCESS]

    def close(self) -> None:
        """Give up what is being tried again, and close the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def _heard(response: requests.Response, **_: object) -> None:
    """Leave an answer's body unread, for it may have no end; raise for a redirect, which would count as delivered."""
    response.close()
    if 300 <= response.status_code < 400:
        raise requests.HTTPError(f"Expected the spans to be taken, but got status {response.status_code}.")


def _readable(span: Span, resource: Resource) -> ReadableSpan:
    assert span.end is not None, "only spans that are over are exported"
    parent = span.parent_ids
    return ReadableSpan(
        name=span.name,
        context=_context(span.ids),
        parent=_context(parent) if parent else None,
        resource=resource,
        attributes=span.attributes,
        events=[SpanEvent(note.name, dict(note.attributes), _nanoseconds(note.at)) for note in span.notes],
        links=[Link(_context(span.link, remote=True))] if span.link else (),
        kind=_KINDS[span.kind],
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.OK),
        start_time=_nanoseconds(span.start),
        end_time=_nanoseconds(span.end),
        instrumentation_scope=_SCOPE,
    )


def _context(ids: SpanContext, *, remote: bool = False) -> OtelContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return OtelContext(int(ids.trace_id, 16), int(ids.span_id, 16), is_remote=remote, trace_flags=flags)


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1_000
