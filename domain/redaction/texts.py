"""Hide values in texts as what they are: in JSON string by string, so that it stays JSON, else as they stand.

A mark is the path of a place that a schema marks as personal or secret, whose whole value is hidden whatever it is;
``*`` in it stands for any key or index.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import msgspec

from domain.pointers import pointer
from domain.redaction.hiding import Hider
from domain.redaction.tokens import kind_of, token

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_DIGITS = re.compile(r"\d{6,}")
_NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?0*\d{1,4}))?")
_MOST_DIGITS = 64
_MOST_WITHIN = 4
"""How many texts within texts are looked into, where JSON holds a string that is JSON."""

Path: TypeAlias = tuple[str, ...]
Marks: TypeAlias = Mapping[Path, str]
"""The kind of the value at each marked path."""
_Tree: TypeAlias = dict[str | None, Any]
"""Marks by their steps; under None stands the kind of the path that ends there."""


class Hidden(NamedTuple):
    """Hold a text in which values were hidden, and how many of each kind at which pointers into it."""

    text: str
    places: Counter[tuple[str, str]]


def hide_text(hider: Hider, text: str, *, marks: Marks | None = None, trusted: bool = False, within: int = 0) -> Hidden:
    """Hide the values of a text, which may be JSON, or lines of it, or hold it between other words."""
    start, end = _json_in(text)
    if start == end:
        parts = _lines_apart(text) if "\\" in text else [text]
        if len(parts) == 1:
            return _hide_plain(hider, text, trusted)
        return _joined([hide_text(hider, part, trusted=trusted, within=within) for part in parts])
    tree = _tree(marks or {})
    if end - start == len(text):
        return _hide_json(hider, text, tree, trusted, within)
    before, after = (_hide_plain(hider, part, trusted) for part in (text[:start], text[end:]))
    return _joined([before, _hide_json(hider, text[start:end], tree, trusted, within), after])


def _lines_apart(text: str) -> list[str]:
    """Return each line of a text that holds JSON, and what stands between these."""
    lines = groupby(text.splitlines(True), key=lambda line: _json_in(line) != (0, 0))
    return [part for is_json, held in lines for part in (held if is_json else ["".join(held)])]


def _joined(parts: Sequence[Hidden]) -> Hidden:
    places: Counter[tuple[str, str]] = Counter()
    for part in parts:
        places.update(part.places)
    return Hidden("".join(part.text for part in parts), places)


def _hide_plain(hider: Hider, text: str, trusted: bool) -> Hidden:
    hidden, names = hider.hide(text, trusted=trusted)
    return Hidden(hidden, Counter((kind_of(name), "") for name in names))


def _json_in(text: str) -> tuple[int, int]:
    """Return from where to where a text is JSON, nowhere if it holds none: the whole, or an object in it."""
    whole = len(text) - len(text.lstrip()), len(text)
    objects = text.find("{"), text.rfind("}") + 1
    for start, end in (whole, objects):
        if 0 <= start < end and text[start] in '{["' and _is_json(text[start:end]):
            return start, end
    return 0, 0


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return False
    return True


def _hide_json(hider: Hider, text: str, marks: _Tree, trusted: bool, within: int) -> Hidden:
    """Rewrite only the strings and numbers that hold a value; all else stays as it was written."""
    parts: list[str] = []
    places: Counter[tuple[str, str]] = Counter()
    end = 0
    for found, path, is_key in scalars(text):
        kind = _marked(marks, path) if marks else ""
        new, names = _hide_scalar(hider, found[0], path, kind, is_key, trusted, within)
        if new is None:
            continue
        parts += [text[end : found.start()], new]
        end = found.end()
        for name in names:
            places[kind_of(name), _pointer(hider, path)] += 1
    return Hidden("".join((*parts, text[end:])), places)


def _hide_scalar(
    hider: Hider, written: str, path: Path, kind: str, is_key: bool, trusted: bool, within: int
) -> tuple[str | None, Sequence[str]]:
    """Return what a string or number is to be written as, None for no change, and the tokens in it."""
    if written.startswith('"'):
        value = said(written)
        if kind and value and not is_key and not (trusted and value in hider.names):
            name = hider.name_of(kind, value)
            return json.dumps(name), (name,)
        if "\\" in value and within < _MOST_WITHIN and _json_in(value) != (0, 0):
            return _hide_within(hider, value, trusted, within)
        hidden, names = hider.hide(value, hint="" if is_key or not path else path[-1], trusted=trusted)
        return (json.dumps(hidden, ensure_ascii=False), names) if hidden != value else (None, ())
    if kind and written not in ("true", "false", "null"):
        name = hider.name_of(kind, written, bare=True)
        return json.dumps(name), (name,)
    return _hide_number(hider, written, path)


def _hide_within(hider: Hider, value: str, trusted: bool, within: int) -> tuple[str | None, Sequence[str]]:
    """Hide the values of a string that is JSON itself, and so may write them with escapes of its own."""
    inner = hide_text(hider, value, trusted=trusted, within=within + 1)
    names = [token(kind, 0) for (kind, _), count in inner.places.items() for _ in range(count)]
    return (json.dumps(inner.text, ensure_ascii=False), names) if inner.text != value else (None, ())


def _hide_number(hider: Hider, written: str, path: Path) -> tuple[str | None, Sequence[str]]:
    """Hide a whole number that is a value, as a card's, however it is written; what only holds one holds no token."""
    digits = _whole(written)
    if not digits:
        return None, ()
    known = frozenset(hider.names)
    hidden, names = hider.hide(digits, hint=path[-1] if path else "")
    if hidden not in names:
        return None, ()
    if hidden not in known:
        hider.bare.add(hidden)
    # What is written otherwise has a token of its own, for it is sent as it was written.
    name = hidden if written == digits else hider.name_of("private", written, bare=True)
    return json.dumps(name), (name,)


def _whole(written: str) -> str:
    """Return the digits of a whole number, whatever its sign, fraction of zeros or exponent; "" for any other."""
    number = _NUMBER.fullmatch(written)
    if number is None:
        return ""
    whole, fraction, exponent = number[1], number[2] or "", int(number[3] or 0)
    digits = f"{whole}{fraction}".ljust(len(whole) + exponent, "0") if exponent <= _MOST_DIGITS else ""
    rest = digits[len(whole) + exponent :] if exponent >= -_MOST_DIGITS else "1"
    found = digits[: max(0, len(whole) + exponent)].lstrip("0")
    return found if not rest.strip("0") and _DIGITS.fullmatch(found) else ""


def said(written: str) -> str:
    """Return what a string of JSON says."""
    return str(json.loads(written)) if "\\" in written else written[1:-1]


def _tree(marks: Marks) -> _Tree:
    root: _Tree = {}
    for path, kind in marks.items():
        node = root
        for step in path:
            node = node.setdefault(step, {})
        node[None] = kind
    return root


def _marked(node: _Tree, path: Path) -> str:
    """Return the kind that marks a path or what it lies in, "" for none."""
    if None in node or not path:
        return str(node.get(None, ""))
    below = (_marked(node[step], path[1:]) for step in (path[0], "*") if step in node)
    return next(filter(None, below), "")


def _pointer(hider: Hider, path: Path) -> str:
    """Return a JSON pointer, in which no value stands either."""
    return pointer(*(hider.hide(step)[0] for step in path))


def scalars(text: str) -> Iterator[tuple[re.Match[str], Path, bool]]:
    """Yield each string, number and name of well-formed JSON with its path, and whether it is a key."""
    path: list[Any] = []
    for found in _TOKEN.finditer(text):
        match found[0]:
            case "{":
                path.append(None)
            case "[":
                path.append(0)
            case "}" | "]":
                path.pop()
            case ",":
                path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
            case ":":
                pass
            case _ if path and path[-1] is None:
                path[-1] = said(found[0])
                yield found, tuple(map(str, path[:-1])), True
            case _:
                yield found, tuple(map(str, path)), False
