"""Lay events out as Postgres takes them: arrays for a small flush, binary COPY for a large one.

The layout of COPY is written by hand, a struct for the columns of fixed width and length-prefixed bytes for
the others: half the cost of a general writer, and this is the hottest loop of the write side.
Source: PostgreSQL documentation, COPY, "Binary Format".
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, cast
from uuid import UUID

from commands.ports import LogEvent

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_LENGTH = Struct("!i")
# Columns, then length and value of: unit, following, originator_version, originator_id, event_id.
_FIXED = Struct("!h ii ii iq i16s i16s")

Unit = Sequence[LogEvent]


def copy_block(units: Sequence[Unit]) -> bytes:
    """Return the whole input of ``COPY staged`` for these units, numbered from 1."""
    parts = [_HEADER]
    for number, unit in enumerate(units, 1):
        following = len(unit)
        for event in unit:
            following -= 1
            parts += _row(number, following, event)
    parts.append(_TRAILER)
    return b"".join(parts)


def _row(unit: int, following: int, event: LogEvent) -> tuple[bytes, ...]:
    stream, state = cast(UUID, event.originator_id), event.state
    return (
        _FIXED.pack(11, 4, unit, 4, following, 8, event.originator_version, 16, stream.bytes, 16, event.event_id.bytes),
        _common_text(event.topic),
        _common_text(event.tenant),
        _LENGTH.pack(len(state)),
        state,
        _text(event.command_id),
        _text(event.request_digest),
        _text(event.prev_hash),
    )


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return _LENGTH.pack(len(data)) + data


_common_text = lru_cache(4096)(_text)


def arrays(units: Sequence[Unit]) -> dict[str, list[Any]]:
    """Return the columns of these units, numbered from 1, each as one list."""
    events = [event for unit in units for event in unit]
    return {
        "unit": [number for number, unit in enumerate(units, 1) for _ in unit],
        "following": [place for unit in units for place in reversed(range(len(unit)))],
        "version": [event.originator_version for event in events],
        "stream": [event.originator_id for event in events],
        "event_id": [event.event_id for event in events],
        "topic": [event.topic for event in events],
        "tenant": [event.tenant for event in events],
        "state": [event.state for event in events],
        "command_id": [event.command_id for event in events],
        "request_digest": [event.request_digest for event in events],
        "prev_hash": [event.prev_hash for event in events],
    }


def compared(unit: Unit) -> dict[str, list[Any]]:
    """Return what tells whether the log holds exactly these events."""
    return {
        "streams": [event.originator_id for event in unit],
        "versions": [event.originator_version for event in unit],
        "ids": [event.event_id for event in unit],
        "states": [event.state for event in unit],
    }
