"""Read JSON strictly: every key once, every number one that others can read too, every fault with its place."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.openapi.reading.limits import MAX_DIGITS, MAX_NODES, measure, too_deep, too_many
from domain.errors import Invalid
from domain.pointers import pointer

_KEY = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?')
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_ONLY_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_BYTE = re.compile(r"\(byte (\d+)\)$")


def read_json(data: bytes) -> Any:
    """Return the value that a JSON text says; raises Invalid with the place of the fault, and TooLarge."""
    if sum(map(data.count, (b",", b"[", b"{"))) > 2 * MAX_NODES:
        raise too_many()
    tree = _decode(data)
    size = measure(tree)
    if b"0" * MAX_DIGITS in data.translate(_ONLY_ZEROS):
        _refuse_long_numbers(data)
    if sum(map(bool, _KEY.findall(data))) != size.keys:
        _refuse_doubled_keys(data)
    return tree


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.ValidationError as fault:
        # The decoder says only that a number is out of range.
        _refuse_long_numbers(data)
        raise Invalid(f"Expected JSON, but {fault}.") from fault
    except msgspec.DecodeError as fault:
        byte = _BYTE.search(str(fault))
        reason = str(fault).removeprefix("JSON is malformed: ")
        raise Invalid(f"Expected JSON, but {reason}{_line(data, int(byte[1]) if byte else len(data))}.") from fault
    except UnicodeDecodeError as fault:
        raise Invalid(f"Expected JSON in UTF-8, but {fault}{_line(data, _not_utf8(data))}; save it so.") from fault
    except RecursionError as fault:
        raise too_deep() from fault


def _line(data: bytes, offset: int) -> str:
    newline = b"\n"
    return f", in line {data.count(newline, 0, offset) + 1}, column {offset - data.rfind(newline, 0, offset)}"


def _not_utf8(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as fault:
        return fault.start
    return 0


def _refuse_long_numbers(data: bytes) -> None:
    for token, offset, path in _scalars(data):
        if token[:1] in b"-0123456789" and _is_too_large(token):
            place = f"{pointer(*path) or '/'}{_line(data, offset)}"
            raise Invalid(
                f"Expected numbers of at most {MAX_DIGITS} digits that fit into a double, but at {place}, stands "
                f"{token[:40].decode('ascii', 'replace')}…."
            )


def _is_too_large(token: bytes) -> bool:
    try:
        return len(token) > MAX_DIGITS or abs(float(token)) == float("inf")
    except ValueError:
        return False


def _refuse_doubled_keys(data: bytes) -> None:
    held: dict[tuple[Any, ...], set[Any]] = {}
    for _, offset, path in _keys(data):
        siblings = held.setdefault(path[:-1], set())
        if path[-1] in siblings:
            raise Invalid(
                f"Expected every key of an object once, but {path[-1][:80]!r} stands twice at "
                f"{pointer(*path[:-1]) or '/'}{_line(data, offset)}."
            )
        siblings.add(path[-1])


def _keys(data: bytes) -> Iterator[tuple[bytes, int, tuple[Any, ...]]]:
    return (place for kind, *place in _places(data) if kind == "key")  # type: ignore[misc]


def _scalars(data: bytes) -> Iterator[tuple[bytes, int, tuple[Any, ...]]]:
    return (place for kind, *place in _places(data) if kind == "value")  # type: ignore[misc]


def _places(data: bytes) -> Iterator[tuple[str, bytes, int, tuple[Any, ...]]]:
    """Yield each key and scalar of well-formed JSON with its offset and path; slow, for faults only."""
    path: list[Any] = []
    for found in _TOKEN.finditer(data):
        token = found[0]
        match token:
            case b"{":
                path.append("")
            case b"[":
                path.append(0)
            case b"}" | b"]":
                path.pop()
            case b",":
                path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
            case b":":
                pass
            case _ if _is_key(data, found.end()):
                path[-1] = msgspec.json.decode(token)
                yield "key", token, found.start(), tuple(path)
            case _:
                yield "value", token, found.start(), tuple(path)


def _is_key(data: bytes, end: int) -> bool:
    return re.compile(rb"\s*:").match(data, end) is not None
