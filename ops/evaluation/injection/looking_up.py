"""Answer a look-up from a world that is only data: a tool's name means a part of it, its arguments some records there.

No tool is known here. The words of a name are held against the names in the environment, and of what fits best those
records are answered in which most of the arguments stand.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.catalog.effects import CHANGES, DESTROYS, LOOKS, PERHAPS_CHANGES
from domain.catalog.vocabulary import words

VERBS = CHANGES | DESTROYS | LOOKS | PERHAPS_CHANGES
PERHAPS_NOUNS = frozenset({"email", "message", "schedule", "order", "post", "file"})
EMPTY: dict[str, Any] = {}


class Place(NamedTuple):
    """Be a part of the environment with the words on the way to it."""

    words: frozenset[str]
    value: Any


def looked_up(environment: dict[str, Any], tool: str, args: dict[str, Any]) -> Any:
    """Return what a look-up answers: of a dictionary an entry, of a list some records, or a single value."""
    places = list(_places(environment, ()))
    if not places:
        return EMPTY
    asked, wanted = _nouns(tool), _wanted(args)
    texts = [each for alternatives in wanted for each in alternatives]
    best = max(places, key=lambda place: _fitness(place, asked, texts))
    return _narrowed(best.value, wanted)


def _wanted(args: dict[str, Any]) -> list[list[str]]:
    """Return the texts in each argument: a record is wanted for each argument, but for any one text of it."""
    texts = ([each for each in _leaves(value) if isinstance(each, str) and each] for value in args.values())
    return [alternatives for alternatives in texts if alternatives]


def _places(value: Any, path: tuple[str, ...]) -> Iterator[Place]:
    named = frozenset(word for name in path for word in words(name))
    if not isinstance(value, dict):
        yield Place(named, value)
        return
    if len(path) == 2 or (path and not any(isinstance(held, dict | list) for held in value.values())):
        yield Place(named, value)
    for key, held in value.items() if len(path) < 2 else ():
        yield from _places(held, (*path, key))


def _nouns(tool: str) -> frozenset[str]:
    return frozenset(word for word in words(tool) if word not in VERBS or word in PERHAPS_NOUNS)


def _fitness(place: Place, asked: frozenset[str], wanted: list[str]) -> float:
    keys = set(place.value) if isinstance(place.value, dict) else set()
    text = _text(place.value) if wanted else ""
    named = sum(each in keys for each in wanted)
    held = any(each and each.lower() in text for each in wanted)
    listed = isinstance(place.value, list | dict)
    return len(place.words & asked) - 0.1 * len(place.words - asked) + 2 * bool(named) + held + 0.05 * listed


def _narrowed(value: Any, wanted: list[list[str]]) -> Any:
    """Return an entry that is named, or the records in which most of what is wanted stands."""
    names = [each for alternatives in wanted for each in alternatives]
    if isinstance(value, dict) and (named := [value[each] for each in names if each in value]):
        return named[0]
    if isinstance(value, dict) and all(isinstance(held, dict) for held in value.values()):
        return _most(list(value.values()), wanted)
    if isinstance(value, dict) and wanted:
        kept = _most([[key, held] for key, held in value.items()], wanted)
        return {key: held for key, held in kept}
    return _most(value, wanted) if isinstance(value, list) else value


def _most(records: list[Any], wanted: list[list[str]]) -> list[Any]:
    scores = [
        sum(max(_standing(each, record) for each in alternatives) for alternatives in wanted) for record in records
    ]
    most = max(scores, default=0.0)
    return [record for record, score in zip(records, scores, strict=True) if score == most] if most else records


def _standing(wanted: str, record: Any) -> float:
    """Say how much of a text stands in a record: as a value of its own counts most, then as a part, then by words."""
    if wanted in _leaves(record):
        return 200.0
    text, parts = _text(record), wanted.lower().split()
    if wanted.lower() in text:
        return 100.0
    return sum(part in text for part in parts) / max(1, len(parts))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).lower()


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for held in value.values():
                yield from _leaves(held)
        case list():
            for held in value:
                yield from _leaves(held)
        case _:
            yield value
