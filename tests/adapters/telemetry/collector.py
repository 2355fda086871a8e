"""Be an OpenTelemetry collector: take spans over OTLP/HTTP on a loopback port, and hold them decoded."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Be one span as it came over the wire; ids are hexadecimal, times nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    notes: list[str]
    links: list[tuple[str, str]]
    resource: dict[str, Any]


@dataclass
class Collector:
    """Hold what was received at ``url``; it answers ``status``."""

    url: str
    status: int = 200
    requests: list[str] = field(default_factory=list)
    spans: list[Received] = field(default_factory=list)

    def until(self, true: Callable[["Collector"], object], seconds: float = 60.0) -> None:
        """Wait until something is true of what was received."""
        until = time.monotonic() + seconds
        while not true(self):
            assert time.monotonic() < until, f"it never came true of {[span.name for span in self.spans]}"
            time.sleep(0.05)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Serve a collector for the duration of the block."""
    collector = Collector(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            body = gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body
            collector.requests.append(self.path)
            if collector.status == 200:
                collector.spans += decoded(body)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()


def decoded(body: bytes) -> list[Received]:
    """Decode a request of the protocol."""
    return [
        Received(
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            name=span.name,
            start=span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            failed=span.status.code == span.status.STATUS_CODE_ERROR,
            attributes=_values(span.attributes),
            notes=[event.name for event in span.events],
            links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
            resource=_values(group.resource.attributes),
        )
        for group in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
