"""Let references by anchor and by identifier (JSON Schema's ``$anchor`` and ``$id``) lead through the tree instead.

What a document calls itself (``$self``, OpenAPI 3.2) is its identifier.

Afterwards every reference that leads anywhere in the document is a pointer from its top, and no schema has a base of
its own that would change what such a pointer means.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urldefrag, urljoin

import msgspec

from adapters.openapi.references import Unusable, target
from domain.pointers import pointer

_USED = re.compile(rb"\$(?:id|self|anchor|dynamicAnchor)\b")
_ANCHORS = ("$anchor", "$dynamicAnchor")
_UNESCAPED = "/~!$&'()*+,;=:@"


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Be an object in a document, with its place, and the place and the URI of the schema that it is relative to."""

    raw: dict[str, Any]
    place: str
    base: str
    uri: str


def uses_anchors(data: bytes) -> bool:
    """Tell whether a text may hold anchors or identifiers."""
    return _USED.search(data) is not None


def localise(tree: Any, *, whole: bool = False) -> dict[str, str]:
    """Make references pointers, drop identifiers, and return the place of each anchor.

    ``whole``: nothing else belongs to the document. Then a dynamic reference to the only anchor of its name, which
    nobody can put another one in place of, is a reference like any other.
    """
    spots = list(_spots(tree))
    if whole:
        _settle(spots)
    ids = {spot.uri: spot.place for spot in reversed(spots) if spot.place == spot.base and spot.uri}
    anchors = {
        f"{spot.uri}#{spot.raw[key]}": spot.place
        for spot in reversed(spots)
        for key in _ANCHORS
        if isinstance(spot.raw.get(key), str)
    }
    for spot in spots:
        if isinstance(reference := spot.raw.get("$ref"), str):
            spot.raw["$ref"] = _local(tree, spot, reference, ids, anchors)
    for spot in spots:
        if isinstance(spot.raw.get("$id"), str):
            del spot.raw["$id"]
    return {anchor.rpartition("#")[2]: place for anchor, place in anchors.items()}


def _settle(spots: list[Spot]) -> None:
    """Write dynamic references that can lead to one place only as plain ones."""
    names = Counter(spot.raw["$dynamicAnchor"] for spot in spots if isinstance(spot.raw.get("$dynamicAnchor"), str))
    for spot in spots:
        reference = spot.raw.get("$dynamicRef")
        if isinstance(reference, str) and "$ref" not in spot.raw and names[reference.rpartition("#")[2]] == 1:
            spot.raw["$ref"] = spot.raw.pop("$dynamicRef")


def _local(tree: Any, spot: Spot, reference: str, ids: dict[str, str], anchors: dict[str, str]) -> str:
    if reference.startswith("#/") and (spot.base == "" or _leads_somewhere(tree, reference)):
        return reference
    uri, fragment = _joined(spot.uri, reference)
    if f"{uri}#{fragment}" in anchors:
        return _pointer(anchors[f"{uri}#{fragment}"])
    if uri in ids and (not fragment or fragment.startswith("/")):
        return _pointer(ids[uri]) + fragment
    return reference


def _joined(base: str, reference: str) -> tuple[str, str]:
    """Return the URI and the fragment of a reference; what cannot be joined stands for itself."""
    try:
        found = urldefrag(urljoin(base, reference))
    except ValueError:
        return reference, ""
    return found.url, found.fragment


def _leads_somewhere(tree: Any, reference: str) -> bool:
    try:
        target(tree, reference)
    except Unusable:
        return False
    return True


def _pointer(place: str) -> str:
    return f"#{quote(place, safe=_UNESCAPED)}"


def _spots(tree: Any) -> Iterator[Spot]:
    """Yield every object, from the top down."""
    name = tree.get("$self") if isinstance(tree, dict) else None
    waiting: list[tuple[Any, str, str, str]] = [(tree, "", "", _joined("", name)[0] if isinstance(name, str) else "")]
    while waiting:
        value, place, base, uri = waiting.pop()
        if isinstance(value, dict):
            if isinstance(own := value.get("$id"), str):
                base, uri = place, _joined(uri, own)[0]
            yield Spot(raw=value, place=place, base=base, uri=uri)
            waiting += [(child, place + pointer(key), base, uri) for key, child in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(child, f"{place}/{index}", base, uri) for index, child in enumerate(value)]
