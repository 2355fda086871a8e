"""A line of the log is one JSON object that says what it is about, and no secret."""

import json
import logging
import sys
from typing import Any
from uuid import UUID

import pytest

from commands.current import about
from domain.tracing import span_context
from ops.logs import TEXT, JsonLines, TextLines, fit_to_keep

SESSION = UUID(int=7)


def written(message: str, *arguments: object, failed: bool = False) -> dict[str, Any]:
    record = logging.LogRecord(
        "reprise.relay", logging.WARNING, "relay.py", 1, message, arguments, sys.exc_info() if failed else None
    )
    line = JsonLines("relay").format(record)
    assert "\n" not in line
    told: dict[str, Any] = json.loads(line)
    return told


def test_a_line_says_when_how_badly_where_and_what() -> None:
    told = written("stopped at %d", 7)
    assert told.pop("time").endswith("+00:00")
    assert told == {"level": "WARNING", "logger": "reprise.relay", "message": "stopped at 7", "role": "relay"}


def test_a_line_about_a_session_can_be_found_by_its_trace() -> None:
    with about(SESSION, "call-1-1"):
        told = written("slow")
    ids = span_context(SESSION, "call-1-1")
    assert (told["session"], told["trace_id"], told["span_id"]) == (str(SESSION), ids.trace_id, ids.span_id)
    assert "session" not in written("over")


def test_an_exception_stays_in_its_line() -> None:
    try:
        raise ValueError("postgresql://me:hidden@host/db")
    except ValueError:
        told = written("failed", failed=True)
    assert "Traceback" in told["exception"] and "hidden" not in told["exception"]


@pytest.mark.parametrize(
    "text",
    [
        "connecting to nats://user:hidden@host:4222",
        "GET /x with Authorization: Bearer hidden",
        "https://host/path?token=hidden&x=1",
        "options password=hidden host=here",
    ],
)
def test_no_secret_is_written(text: str) -> None:
    record = logging.LogRecord("reprise.cli", logging.WARNING, "cli.py", 1, text, None, None)
    for line in (written("%s", text)["message"], TextLines(TEXT).format(record)):
        assert "hidden" not in line and "…" in line


def test_what_is_no_secret_is_written_as_it_is() -> None:
    text = "https://host/path?page=1 by ada @ example, 12 tokens = 3 calls"
    assert written("%s", text)["message"] == text


def test_personal_values_are_blanked_in_logs_and_machines_stay() -> None:
    assert fit_to_keep("ada@example.org paid 4111 1111 1111 1111 from 10.0.0.5") == "(email) paid (card) from 10.0.0.5"
    assert fit_to_keep("for [email:1]") == "for [email:1]"
