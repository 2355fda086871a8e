"""Leave values of arguments out of a reply that is still being written: a document may mark any of them as personal.

Which of them it marks is known once the reply is whole; its event shows the others. All else is let through as it
comes: names, texts of the model's own, and what is no JSON at all.
"""

import json
import re
from typing import Literal, TypeAlias

_IN_STRING = re.compile(r'[^"\\]+|\\.?|"', re.DOTALL)
_OUTSIDE = re.compile(r'[{}\[\],:"]|\s+|[^\s{}\[\],:"]+')
_LEFT_OUT = '"…"'
_String: TypeAlias = Literal["", "key", "shown", "left-out"]


class _Level:
    """Be an object or a list that is open; ``hides`` says that no value in it is shown."""

    def __init__(self, is_object: bool, hides: bool, in_slots: bool):
        self.is_object, self.hides, self.in_slots = is_object, hides, in_slots
        self.key = ""
        self.at_key = is_object


class Arguments:
    """Take a reply piece by piece, and return each as it may be shown."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._string: _String = ""
        self._key = ""
        self._bare = False
        self._cut = ""

    def take(self, more: str) -> str:
        """Return what a piece adds; the beginning of an escape waits for its end."""
        text, self._cut, at = self._cut + more, "", 0
        shown: list[str] = []
        while at < len(text):
            pattern = _IN_STRING if self._string else _OUTSIDE
            found = pattern.match(text, at)
            assert found, "either pattern takes whatever comes"
            if found[0] == "\\" and self._string:
                self._cut = found[0]
                break
            shown.append(self._within(found[0]) if self._string else self._outside(found[0]))
            at = found.end()
        return "".join(shown)

    def _within(self, piece: str) -> str:
        """Take a piece of a string."""
        string = self._string
        if piece == '"':
            self._string = ""
            if string == "key":
                self._levels[-1].key = _read(self._key)
        elif string == "key":
            self._key += piece
        return "" if string == "left-out" else piece

    def _outside(self, piece: str) -> str:
        level = self._levels[-1] if self._levels else None
        if piece == "{" or (piece == "[" and level):
            self._open(piece, level)
        elif level is None:
            pass
        elif piece in "}]":
            self._levels.pop()
            self._bare = False
        elif piece == ",":
            level.at_key, self._bare = level.is_object, False
        elif piece == ":":
            level.at_key = False
        elif piece == '"':
            return self._begin(level)
        elif _hidden(level) and piece.strip():
            return self._bare_value()
        return piece

    def _open(self, piece: str, level: _Level | None) -> None:
        in_slots = level is not None and (level.in_slots or level.key == "slots")
        self._levels.append(_Level(piece == "{", level is not None and _hidden(level), in_slots))

    def _begin(self, level: _Level) -> str:
        if level.at_key:
            self._string, self._key = "key", ""
            return '"'
        self._string = "left-out" if _hidden(level) else "shown"
        return _LEFT_OUT if self._string == "left-out" else '"'

    def _bare_value(self) -> str:
        """Stand for a number or a word, however many pieces it comes in."""
        before, self._bare = self._bare, True
        return "" if before else _LEFT_OUT


def _hidden(level: _Level) -> bool:
    """Tell whether a value that stands here now is an argument's, or a part of one."""
    own = level.key == "arguments" or (level.key == "value" and level.in_slots)
    return level.hides or (level.is_object and not level.at_key and own)


def _read(key: str) -> str:
    try:
        return str(json.loads(f'"{key}"')) if "\\" in key else key
    except ValueError:
        return key
