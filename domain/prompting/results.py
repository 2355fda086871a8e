"""Show what an earlier step found: its beginning, all of it, the fields that matter, or its outline.

``fields`` keeps what is named by whoever asks, and what records are called; what is left out is counted. ``summary``
tells what there is and how much. ``window`` shows the last results by their fields, and of the earlier ones only that
they are there.
"""

from collections.abc import Sequence
from typing import Any

from domain.encoding import encode, parse
from domain.errors import Invalid
from domain.reviewing.records import is_naming
from domain.reviewing.terms import key_terms, terms
from domain.session.events import Strategy

EXCERPT = 2_000
SHORT = 300
MOST_ELEMENTS = 20
WINDOW = 3
DEEPEST = 3
LEFT_OUT = "…"


def excerpt(text: str, most: int = EXCERPT) -> str:
    """Return the beginning of a text, and how long it is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters in all)"


def words_of(*texts: str) -> frozenset[str]:
    """Return the words by which fields are named in texts."""
    return frozenset(part for text in texts for term in terms(text) for part in term.split("_"))


def shown_by(text: str, strategy: Strategy, wanted: frozenset[str], *, last: bool = True) -> str:
    """Return a result as a strategy shows it; ``last``: it is one of the last, which ``window`` shows."""
    match strategy:
        case "whole":
            return text
        case "":
            return excerpt(text)
        case "window" if not last:
            return f"({len(text)} characters, left out)"
        case "fields" | "window":
            return _of_json(text, lambda value: _selected(value, wanted), EXCERPT if strategy == "fields" else SHORT)
        case "summary":
            return _of_json(text, lambda value: _outline(value, 0), SHORT)
    raise AssertionError(strategy)


def in_window(places: Sequence[int]) -> set[int]:
    """Return those places that are shown where only the last ones are."""
    return set(places[-WINDOW:])


def _of_json(text: str, change: Any, most: int) -> str:
    """Return JSON changed, as long as it then is no longer; of other texts the beginning."""
    try:
        changed = encode(change(parse(text))).decode()
    except Invalid:
        return excerpt(text, most)
    return changed if len(changed) < len(text) else text


def _selected(value: Any, wanted: frozenset[str]) -> Any:
    match value:
        case dict():
            kept = {key: _selected(held, wanted) for key, held in value.items() if _is_wanted(key, held, wanted)}
            left = len(value) - len(kept)
            return {**kept, LEFT_OUT: f"{left} more fields"} if left else kept
        case list():
            shown = [_selected(each, wanted) for each in value[:MOST_ELEMENTS]]
            return [*shown, f"{LEFT_OUT} {len(value) - MOST_ELEMENTS} more"] if len(value) > MOST_ELEMENTS else shown
        case str():
            return excerpt(value, SHORT)
        case _:
            return value


def _is_wanted(key: str, held: Any, wanted: frozenset[str]) -> bool:
    called = key_terms(key)
    if is_naming(called) or wanted.intersection(called):
        return True
    match held:
        case dict():
            return any(_is_wanted(inner, value, wanted) for inner, value in held.items())
        case list():
            return any(isinstance(each, dict) and _is_wanted("", each, wanted) for each in held[:1])
        case _:
            return False


def _outline(value: Any, depth: int) -> Any:
    match value:
        case dict() if depth >= DEEPEST:
            return f"{len(value)} fields"
        case dict():
            return {key: _outline(held, depth + 1) for key, held in [*value.items()][:MOST_ELEMENTS]}
        case list() if value:
            return [f"{len(value)} elements, the first is", _outline(value[0], depth + 1)]
        case str():
            return excerpt(value, 40)
        case _:
            return value
