"""Encode values so that equal values have equal bytes, for ever.

Canonical JSON: UTF-8, no blanks, keys sorted, defaults omitted, no NaN or infinity, and every number of a foreign
document keeps the digits it came with (``1.10`` stays ``1.10``). Our own values hold no floats: durations are whole
milliseconds, shares are permille.
"""

import hashlib
import json
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

import msgspec

from domain.errors import Invalid

Json: TypeAlias = msgspec.Raw
"""A foreign JSON value, kept as the text it came in."""

NULL = msgspec.Raw(b"null")

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number")
_FOREIGN: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: object) -> bytes:
    """Encode a value of ours to JSON with sorted keys; foreign JSON inside it is copied verbatim."""
    return _ENCODER.encode(value)


def canonical(value: object) -> bytes:
    """Encode any value canonically, the foreign JSON inside it included."""
    return _ENCODER.encode(plain(value))


def plain(value: object) -> Any:
    """Return a value as dicts, lists, strings, numbers and None, each number with all its digits."""
    _refuse_infinite(value)
    return parse(_ENCODER.encode(value))


def _refuse_infinite(value: object) -> None:
    """Refuse what JSON cannot say, and the encoder would quietly write as null."""
    match value:
        case float() | Decimal() if not (value.is_finite() if isinstance(value, Decimal) else isfinite(value)):
            raise Invalid(f"Expected a finite number, but got {value}: leave it out, or say it in words.")
        case dict():
            for held in value.values():
                _refuse_infinite(held)
        case list() | tuple():
            for held in value:
                _refuse_infinite(held)
        case _:
            pass


def parse(text: bytes | str) -> Any:
    """Parse foreign JSON without losing a digit; raise Invalid with the place of the fault."""
    try:
        return _FOREIGN.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ArithmeticError) as fault:
        raise Invalid(f"Expected JSON, but {fault}.") from fault


class Number(msgspec.Struct, frozen=True):
    """Hold a number as it was written: ``1``, ``1.0``, ``0`` and ``-0`` are four."""

    text: str


def parse_written(text: bytes | str) -> Any:
    """Parse foreign JSON, each number as a Number; raise Invalid, also where an object says a key twice."""
    parse(text)  # the standard library takes more for JSON than is
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=_each_once)
    except RecursionError as fault:
        raise Invalid(f"Expected JSON, but {fault}.") from fault


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for key, value in pairs:
        if key in held:
            raise Invalid(f"Expected every key of an object once, but {key!r} stands there again.")
        held[key] = value
    return held


def foreign(value: object) -> Json:
    """Return a plain value as foreign JSON in canonical form."""
    return msgspec.Raw(canonical(value))


def digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical encoding, in hexadecimal."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
