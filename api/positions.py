"""Write positions and cursors for the outside, bound to the log they belong to.

A position is ``<log id>:<n>``; a cursor is opaque: base64url of the same log id and where a page ended.
"""

import base64
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from domain.errors import Invalid, WrongLog

Keys = TypeVar("Keys")
# What Postgres can hold, and compare with what is stored.
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=1_000, pattern=r"\A[^\x00]*\Z")]
Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


def outside(log_id: str, position: int) -> str:
    """Write a position for the outside."""
    return f"{log_id}:{position}"


def inside(text: str, log_id: str) -> int:
    """Read a position; raise Invalid, or WrongLog for one of another log."""
    log, colon, number = text.rpartition(":")
    if not colon or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Invalid(f"Expected a position as a write answers it, <log id>:<number>, but got {text[:100]!r}.")
    _same_log("position", log, log_id)
    return int(number)


def check_reached(position: int, head: int) -> None:
    """Raise Invalid for a position that no write can have answered, for the log ends at ``head``."""
    if position > head:
        raise Invalid(f"Expected a position up to {head}, where the log is now, but got {position}: begin before it.")


def cursor(log_id: str, *keys: str | int) -> str:
    """Write a cursor to what follows these keys."""
    return base64.urlsafe_b64encode(msgspec.json.encode([log_id, *keys])).rstrip(b"=").decode()


def keys_of(text: str, log_id: str, kind: type[Keys]) -> Keys:
    """Read a cursor's keys as a tuple of this kind; raise Invalid, or WrongLog for one of another log."""
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        log, *keys = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list[str | int])
        _same_log("cursor", str(log), log_id)
        return msgspec.convert(keys, kind)
    except ValueError as fault:
        raise Invalid(f"Expected a cursor as a page's `next` gave it, but got {text[:100]!r}.") from fault


def _same_log(what: str, theirs: str, ours: str) -> None:
    if theirs != ours:
        raise WrongLog(
            f"Expected a {what} of the log {ours}, but it belongs to {theirs[:64]!r}: the log was replaced, "
            "begin again without it."
        )
