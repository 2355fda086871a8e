"""Follow local references within a document; nothing outside it is ever read."""

import re
from typing import Any
from urllib.parse import unquote

from domain.pointers import unescaped

# The files of a bundle stand in its tree under this key, by their paths.
FILES = "x-reprise-files"
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")


class Unusable(Exception):
    """Say why one operation cannot become a tool; ``place`` is a JSON pointer, or empty where it is the operation."""

    def __init__(self, reason: str, place: str = ""):
        super().__init__(reason)
        self.place = place


def resolve(tree: dict[str, Any], node: Any, place: str = "") -> dict[str, Any]:
    """Return what a node is behind its references; raises Unusable."""
    seen: set[str] = set()
    while isinstance(node, dict) and isinstance(reference := node.get("$ref"), str):
        if reference in seen:
            raise Unusable(f"the reference {reference[:200]} leads back to itself", place)
        seen.add(reference)
        node = target(tree, reference, place)
    if not isinstance(node, dict):
        raise Unusable(f"expected an object, not {kind_word(node)}", place)
    return node


def target(tree: dict[str, Any], reference: str, place: str = "") -> Any:
    """Return what a reference ``#/a/b`` points at; raises Unusable."""
    if reference == "#":
        return tree
    if not reference.startswith("#/"):
        raise Unusable(_elsewhere(tree, reference), place)
    node: Any = tree
    for token in unquote(reference[2:]).split("/"):
        key = unescaped(token)
        try:
            node = node[_index(key)] if isinstance(node, list) else node[key]
        except (KeyError, ValueError, IndexError, TypeError) as fault:
            raise Unusable(f"the reference {reference[:200]!r} points at nothing", place) from fault
    return node


def _index(token: str) -> int:
    """Return a place in a list as pointers write it (RFC 6901); raises ValueError."""
    if not _INDEX.fullmatch(token):
        raise ValueError(token)
    return int(token)


def _elsewhere(tree: dict[str, Any], reference: str) -> str:
    shown = f"the reference {reference[:200]!r}"
    if _SCHEME.match(reference):
        return f"{shown} leads to the network, where nothing is ever read; put what it names into a bundle"
    if reference.startswith("#"):
        return f"{shown} names no anchor of the document"
    if FILES in tree:
        return f"{shown} names no file of the bundle"
    return f"{shown} is not local; put the file that it names into a bundle, a zip or a folder"


def kind_word(value: Any) -> str:
    """Say what a value of a document is that should be another, in the words of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value[:80]!r}"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"the number {str(value)[:40]}"


def list_of(raw: dict[str, Any], key: str) -> list[Any]:
    """Return a list under a key; anything else there counts as an empty one."""
    value = raw.get(key)
    return value if isinstance(value, list) else []


def text_of(raw: dict[str, Any], key: str) -> str:
    """Return a text under a key; anything else there counts as an empty one."""
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def texts_of(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts of a list under a key; whatever else is in it is left out."""
    return tuple(each for each in list_of(raw, key) if isinstance(each, str))


def object_of(raw: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object under a key; anything else there counts as an empty one."""
    value = raw.get(key)
    return value if isinstance(value, dict) else {}
