"""Write logs: as text for people at a terminal, as one JSON object a line for whoever serves.

A line says which session it is about, and under which ids that is traced. Passwords of URLs, tokens and personal values
that are told by their form are left out, wherever a message came from.
"""

import logging
import re
from datetime import UTC, datetime

import msgspec

from commands.current import CURRENT
from domain.redaction.hiding import blanked
from domain.redaction.patterns import RECOGNISERS
from domain.tracing import span_context

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
TALKATIVE = ("urllib3",)
"""Loggers that name whole URLs at INFO, with what a call asks for in them; `adapters.http` quiets its own."""

_PERSONAL = {kind: find for kind, find in RECOGNISERS.items() if kind != "ip"}
"""What is blanked in logs: addresses of machines stay, for who operates them has to find them."""
_SECRETS = re.compile(r"(://)[^/@\s]+@|(\bBearer )\S+|(\b(?:password|token|secret|api_?key)=)[^&\s'\"]+", re.IGNORECASE)


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be one line of the log."""

    time: str
    level: str
    logger: str
    message: str
    role: str
    session: str = ""
    trace_id: str = ""
    span_id: str = ""
    exception: str = ""


def begin(level: str) -> None:
    """Write logs from a level on, as text."""
    handler = logging.StreamHandler()
    handler.setFormatter(TextLines(TEXT))
    logging.basicConfig(level=level, handlers=[handler])
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def as_json_lines(role: str) -> None:
    """Write logs as JSON from now on."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines(role))


class TextLines(logging.Formatter):
    """Turn what is logged into text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and more for an exception."""
        return fit_to_keep(super().format(record))


class JsonLines(logging.Formatter):
    """Turn what is logged into JSON lines; ``role`` is what this process serves."""

    def __init__(self, role: str):
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line = Line(
            time=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            level=record.levelname,
            logger=record.name,
            message=fit_to_keep(record.getMessage()),
            role=self._role,
            exception=fit_to_keep(self.formatException(record.exc_info)) if record.exc_info else "",
            **_traced(),
        )
        return msgspec.json.encode(line).decode()


def _traced() -> dict[str, str]:
    current = CURRENT.get()
    if current is None:
        return {}
    ids = span_context(*current)
    return {"session": str(current.session), "trace_id": ids.trace_id, "span_id": ids.span_id}


def fit_to_keep(text: str) -> str:
    """Return a text without secrets, and with the kind in place of each personal value that its form tells."""
    return blanked(_PERSONAL, without_secrets(text))


def without_secrets(text: str) -> str:
    """Return a text without passwords of URLs, bearer tokens, and values of parameters that are named like secrets."""
    return _SECRETS.sub(lambda found: next(part for part in found.groups() if part) + "…" + _rest(found), text)


def _rest(found: re.Match[str]) -> str:
    return "@" if found[1] else ""
