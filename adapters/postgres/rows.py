"""Lay events out as Postgres takes them: one binary array of ``log_append``, the whole flush in one parameter.

The layout is written by hand, a struct for the columns of fixed width and length-prefixed bytes for the others:
this is the hottest loop of the write side, and lists of values cost five times as much.
Source: array_recv and record_recv in PostgreSQL's arrayfuncs.c and rowtypes.c.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, cast
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

from commands.ports import LogEvent

Unit = Sequence[LogEvent]

# Dimensions, has nulls, type of the elements; length and lower bound of the only dimension.
_ARRAY = Struct("!iii ii")
_INT, _BIGINT, _BYTEA, _TEXT, _UUID = 23, 20, 17, 25, 2950
# Bytes of the row; columns; then type, bytes and value of: unit, following, version, stream, event id.
_ROW = Struct("!i i iii iii iiq ii16s ii16s")
_VALUE = Struct("!ii")
_NULL = _VALUE.pack(_TEXT, -1)
_NULLS = 3 * _NULL


class Rows(bytes):
    """Hold one flush in the binary form of ``log_append[]``."""


class _RowsDumper(Dumper):
    format = Format.BINARY
    oid = 0  # the server knows the parameter's type, which has another number in every database

    def dump(self, obj: Rows) -> bytes:
        return obj


def register_rows(context: AdaptContext) -> None:
    """Let a connection take Rows as a parameter."""
    context.adapters.register_dumper(Rows, _RowsDumper)


def pack(units: Sequence[Unit], row_type: int) -> Rows:
    """Pack the units of a flush, numbered from 1; ``row_type`` is the database's number for ``log_append``."""
    parts = [_ARRAY.pack(1, 0, row_type, sum(map(len, units)), 1)]
    for number, unit in enumerate(units, 1):
        following = len(unit)
        for event in unit:
            following -= 1
            parts += _row(number, following, event)
    return Rows(b"".join(parts))


def _row(unit: int, following: int, event: LogEvent) -> tuple[bytes, ...]:
    stream = cast(UUID, event.originator_id).bytes
    topic, tenant, state = _common_text(event.topic), _common_text(event.tenant), event.state
    rest = _rest(event)
    size = _ROW.size - 4 + len(topic) + len(tenant) + _VALUE.size + len(state) + len(rest)
    fixed = _ROW.pack(
        size, 11,
        _INT, 4, unit,
        _INT, 4, following,
        _BIGINT, 8, event.originator_version,
        _UUID, 16, stream,
        _UUID, 16, event.event_id.bytes,
    )  # fmt: skip
    return fixed, topic, tenant, _VALUE.pack(_BYTEA, len(state)), state, rest


def _rest(event: LogEvent) -> bytes:
    command, request, previous = event.command_id, event.request_digest, event.prev_hash
    if command is request is previous is None:  # of most events
        return _NULLS
    return _text(command) + _text(request) + _text(previous)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return _VALUE.pack(_TEXT, len(data)) + data


_common_text = lru_cache(4096)(_text)


def compared(unit: Unit) -> dict[str, list[Any]]:
    """Return what tells whether the log holds exactly these events."""
    return {
        "streams": [event.originator_id for event in unit],
        "versions": [event.originator_version for event in unit],
        "ids": [event.event_id for event in unit],
        "states": [event.state for event in unit],
    }
