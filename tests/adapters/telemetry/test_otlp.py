"""What a collector answers is not trusted: a redirect delivers nothing, and an answer without end is not read."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from adapters.telemetry import otlp
from adapters.telemetry.otlp import OtlpExporter
from projections.spans import Span
from tests.projections.histories import NOW

MEBIBYTE = b"\0" * (1 << 20)
SPAN = Span(session="s", effect="session", parent="", name="invoke_workflow", start=NOW, end=NOW)


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[OtlpExporter]:
    """Export to somebody who answers the first request in a way of its own."""

    def serve() -> None:
        with door.accept()[0] as line, suppress(OSError):
            line.recv(1 << 16)
            answer(line)

    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = threading.Thread(target=serve)
        serving.start()
        endpoint = f"http://127.0.0.1:{door.getsockname()[1]}"
        exporter = OtlpExporter(endpoint, service="reprise", instance="one", role="worker")
        try:
            yield exporter
        finally:
            exporter.close()
            serving.join()


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_spans_that_were_not_taken_do_not_count_as_delivered(status: int) -> None:
    head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda line: line.sendall(head.encode())) as exporter:
        assert not exporter.export([SPAN])


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.05):
            line.sendall(b"x")

    monkeypatch.setattr(otlp, "LONGEST_SECONDS", 0.3)
    over, begun = threading.Event(), time.monotonic()
    with answering(slowly) as exporter:
        taken = [exporter.export([SPAN]) for _ in range(2)]
        seconds = time.monotonic() - begun
        over.set()
    assert taken == [False, False] and seconds < 30


def test_an_answer_without_end_is_not_read() -> None:
    def endless(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        for _ in range(64):
            line.sendall(MEBIBYTE)

    with answering(endless) as exporter:
        tracemalloc.start()
        try:
            assert exporter.export([SPAN])
            assert tracemalloc.get_traced_memory()[1] < 8 * len(MEBIBYTE)
        finally:
            tracemalloc.stop()
