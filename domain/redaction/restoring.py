"""Put values back in the place of their tokens, in JSON as what they are."""

import json
from collections.abc import Callable
from typing import TypeAlias

from domain.redaction.folding import folded
from domain.redaction.patterns import compact
from domain.redaction.texts import said, scalars
from domain.redaction.tokens import kind_of, substituted, tokens_in

ValueOf: TypeAlias = Callable[[str], str]
"""Returns the value behind a token as JSON, a string or a number; raises where there is none."""

_ONE_PIECE = ("card", "iban")
"""Kinds that machines write in one piece: so they are put back where nothing else stands beside them."""


def tokens_of(text: str) -> set[str]:
    """Return the tokens in the strings and keys of a JSON text."""
    return {name for found, _, _ in scalars(text) if found[0][0] == '"' for name in tokens_in(said(found[0]))}


def restored(text: str, value_of: ValueOf) -> str:
    """Return a JSON text with values in the place of tokens, all else as it was written."""
    parts: list[str] = []
    end = 0
    for found, _, is_key in scalars(text):
        if found[0][0] != '"' or not any(tokens_in(said(found[0]))):
            continue
        parts += [text[end : found.start()], _restored(said(found[0]), value_of, is_key=is_key)]
        end = found.end()
    return "".join((*parts, text[end:]))


def _restored(value: str, value_of: ValueOf, *, is_key: bool) -> str:
    """Return a string with values in the place of tokens as JSON; a number that stands alone is one again."""
    if [value] != list(tokens_in(value)):
        return json.dumps(substituted(value, lambda name: str(json.loads(value_of(name), parse_int=str))))
    held = value_of(value)
    if not held.startswith('"'):
        return json.dumps(held) if is_key else held
    text = str(json.loads(held))
    return json.dumps(compact(folded(text)) if kind_of(value) in _ONE_PIECE else text)
