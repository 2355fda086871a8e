"""Gather words that an operation can be found by, beyond those that a model is shown.

They are the first sentence of its description, the names of what it answers with, and its tags: who asks for a birthday
finds the operation that returns one, though its own text says only `details`.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from adapters.openapi.model import Operation
from adapters.openapi.references import Unusable, object_of, resolve

MOST_CHARACTERS = 500
MOST_NAMES = 40
DEPTH = 1
DEEPEST = 50
MOST_SCHEMAS = 500
"""How many schemas of an answer are looked at, and how deep one within the other."""
_READ = 10 * MOST_CHARACTERS
_SENTENCE = re.compile(r".{0,200}?[.!?](?=\s|$)|.{0,200}")
_COMBINED = ("allOf", "anyOf", "oneOf")


def keywords(tree: dict[str, Any], operation: Operation) -> str:
    """Return an operation's words, at most ``MOST_CHARACTERS`` long."""
    said = _first_sentence(operation.description[:_READ]) if operation.summary else ""
    names = dict.fromkeys(islice(_answered(tree, operation), MOST_NAMES))
    words = (each[:MOST_CHARACTERS] for each in (said, *names, *operation.tags))
    return " ".join(" ".join(words).split())[:MOST_CHARACTERS]


def _first_sentence(text: str) -> str:
    """Return a text's first sentence as far as it is short; what follows is seldom about the operation itself."""
    found = _SENTENCE.match(" ".join(text.split()))
    return found[0] if found else ""


def _answered(tree: dict[str, Any], operation: Operation) -> Iterator[str]:
    """Return the names of the properties in a successful answer, and of those below them."""
    succeeded = (answer for answer in operation.answers if answer.status.startswith("2"))
    contents = next((answer.contents for answer in succeeded if answer.contents), ())
    left = iter(range(MOST_SCHEMAS))
    for each in _schemas(tree, contents[0].schema, DEPTH, left) if contents else ():
        yield from object_of(each, "properties")


def _schemas(
    tree: dict[str, Any], schema: Any, depth: int, left: Iterator[int], inside: tuple[int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yield a schema and what it is made of while any are ``left``: alternatives of alternatives may be too many."""
    if next(left, None) is None or len(inside) >= DEEPEST:
        return
    found = _resolved(tree, schema)
    if id(found) in inside:  # a schema that holds itself says nothing new
        return
    inside = (*inside, id(found))
    yield found
    for each in object_of(found, "properties").values() if depth else ():
        yield from _schemas(tree, each, depth - 1, left, inside)
    combined = (each for key in _COMBINED if isinstance(found.get(key), list) for each in found[key])
    for each in (*combined, *([found["items"]] if "items" in found else [])):
        yield from _schemas(tree, each, depth, left, inside)


def _resolved(tree: dict[str, Any], schema: Any) -> dict[str, Any]:
    try:
        return resolve(tree, schema)
    except Unusable:
        return {}
