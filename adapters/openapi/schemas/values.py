"""Read foreign JSON for validation: every number with all its digits, none too large for any engine."""

import re
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import msgspec

from domain.encoding import parse_written
from domain.errors import Invalid

_MANY_DIGITS = re.compile(rb"[0-9]{309}")


def read_value(data: bytes) -> Any:
    """Return a JSON text's value, fractions as Decimals; raise Invalid with the place, also for a number too large."""
    try:
        value = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise Invalid(f"Expected JSON, but {fault}.") from fault
    if _MANY_DIGITS.search(data):
        _refuse_large(value)
    return value


def read_arguments(data: bytes) -> Any:
    """Return the value of a JSON text as `read_value` does; raise Invalid also where an object says a key twice."""
    parse_written(data)
    return read_value(data)


def exact(value: Any) -> Any:
    """Return a value as `read_value` would have read it: floats become the Decimals that they are written as."""
    match value:
        case float():
            return Decimal(repr(value))
        case list():
            return [exact(each) for each in value]
        case dict():
            return {key: exact(each) for key, each in value.items()}
        case _:
            return value


def size_of(value: Any) -> int:
    """Return about how many bytes a value has as JSON, and no fewer than it has places and characters."""
    size, waiting = 0, [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                size += len(text)
            case list() as members:
                waiting += members
                size += len(members)
            case dict() as members:
                waiting += members.values()
                size += sum(map(len, members)) + len(members)
            case _:
                pass
    return size + 1


def depth_of(value: Any) -> int:
    """Return how many lists and objects stand within each other at most."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as fault:
        raise _too_large(text) from fault
    if not isfinite(float(text)) or number.adjusted() < -400:
        raise _too_large(text)
    return number


def _refuse_large(value: Any) -> None:
    match value:
        case int() if abs(value) >= 10**308:
            raise _too_large(str(value))
        case list():
            for each in value:
                _refuse_large(each)
        case dict():
            for each in value.values():
                _refuse_large(each)
        case _:
            pass


def _too_large(text: str) -> Invalid:
    return Invalid(f"Expected a number that fits into 64 bits of floating point, not {text[:40]}; say it in words.")


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=_number)
