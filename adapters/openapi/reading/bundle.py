"""Make one tree of the files of a bundle, in which every reference is local; no schema is inlined.

The tree is the root document's; the files that it refers to stand beside it, under `FILES`, by their paths. References
to what is no file of the bundle are left as they are: what needs them cannot be called, and is reported.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from adapters.openapi.reading.anchors import localise, uses_anchors
from adapters.openapi.reading.archive import SUFFIXES
from adapters.openapi.reading.limits import MAX_NODES, measure, too_many
from adapters.openapi.reading.text import read_values
from adapters.openapi.references import FILES
from domain.errors import Invalid, Refused
from domain.pointers import pointer

_SAYS_SO = re.compile(rb"""^["']?(?:openapi|swagger)["']?\s*:|"(?:openapi|swagger)"\s*:""", re.MULTILINE)
_MOST_SHOWN = 5
_UNESCAPED = "~!$&'()*+,;=:@"


def read_bundle(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a bundle as one tree; raises Refused with the file and the place of the fault."""
    parsed = Parsed(files)
    root = find_root(parsed)
    beside: dict[str, Any] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        for other in _relink(parsed, name, root):
            if other != root and other not in beside:
                beside[other] = parsed[other]
                waiting.append(other)
    return {**parsed[root], FILES: beside} if beside else dict(parsed[root])


class Parsed:
    """Know a bundle's files, each of which is parsed when it is first needed."""

    def __init__(self, files: Mapping[str, bytes]):
        self.files = files
        self._anchors: dict[str, dict[str, str]] = {}
        self._trees: dict[str, Any] = {}
        self._left = MAX_NODES

    def __getitem__(self, name: str) -> Any:
        """Return what a file says; raises Refused with the file and the place of a fault in it."""
        if name not in self._trees:
            try:
                tree = read_values(self.files[name])
                self._left -= measure(tree).values
                if self._left < 0:
                    raise too_many()
            except Refused as fault:
                raise type(fault)(f"{name}: {fault}") from fault
            self._anchors[name] = localise(tree) if uses_anchors(self.files[name]) else {}
            self._trees[name] = tree
        return self._trees[name]

    def place(self, name: str, fragment: str) -> str:
        """Return the place in a file that a fragment names, as a pointer or by an anchor."""
        _ = self[name]
        return self._anchors[name].get(fragment, fragment)


def find_root(parsed: Parsed) -> str:
    """Return the path of the only OpenAPI document among those that lie highest; raises Invalid."""
    possible = [name for name, data in parsed.files.items() if _SAYS_SO.search(data)]
    for depth in sorted({name.count("/") for name in possible}):
        level = sorted(name for name in possible if name.count("/") == depth)
        found = [name for name in level if isinstance(parsed[name], dict) and {"openapi", "swagger"} & {*parsed[name]}]
        if len(found) > 1:
            shown = ", ".join(found[:_MOST_SHOWN]) + (", …" if len(found) > _MOST_SHOWN else "")
            raise Invalid(f"Expected one OpenAPI document in the bundle, but there are {shown}: leave one.")
        if found:
            return found[0]
    raise Invalid("Expected an OpenAPI document in the bundle, but none of its files says openapi or swagger.")


def _relink(parsed: Parsed, name: str, root: str) -> Iterator[str]:
    """Let the references of a file point into the one tree, and yield the files that they name."""
    for holder, key in _references(parsed[name]):
        file, _, fragment = holder[key].partition("#")
        other = _file(name, file) if file else name
        if other in parsed.files and other.lower().endswith(SUFFIXES):
            holder[key] = _link(other, parsed.place(other, fragment), root)
            yield other


def _file(name: str, reference: str) -> str:
    """Return the path that a reference in a file names; what is no relative path stays as it is."""
    if reference.startswith("/") or ":" in reference or "\\" in reference:
        return reference
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(reference)))


def _link(name: str, fragment: str, root: str) -> str:
    base = "" if name == root else f"/{FILES}/{quote(pointer(name)[1:], safe=_UNESCAPED)}"
    return f"#{base}{fragment}"


def _references(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the object and the key of every reference in a tree; a discriminator's mapping holds some too."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value, "$ref"
            mapping = value.get("mapping")
            if "propertyName" in value and isinstance(mapping, dict):
                yield from ((mapping, key) for key, text in mapping.items() if isinstance(text, str))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
