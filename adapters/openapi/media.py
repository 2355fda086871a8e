"""Tell media types apart, and choose the one that a request's body is written in."""

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from adapters.openapi.model import Content

Kind: TypeAlias = Literal["json", "form", "multipart", "text", "binary"]
"""How a body is written: the first three by its schema, the others as the text or the bytes of one file."""

FORM = "application/x-www-form-urlencoded"
_KINDS: tuple[Kind, ...] = ("json", "form", "multipart", "text", "binary")
_JSON = re.compile(r"(application|text)/json|[a-z0-9.-]+/[a-z0-9.+-]+\+json")
_TEXT = re.compile(r"text/.*|application/(xml|yaml|x-yaml|javascript|graphql|sql|x-ndjson|jsonl)|.*\+(xml|yaml)")


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON."""
    return _JSON.fullmatch(essence(media_type)) is not None


def kind_of(media_type: str) -> Kind:
    """Say how a body of a media type is written; where anything is taken, JSON is."""
    kind = essence(media_type)
    if is_json(kind) or kind in ("*/*", "application/*"):
        return "json"
    if kind == FORM:
        return "form"
    if kind.startswith("multipart/"):
        return "multipart"
    return "text" if _TEXT.fullmatch(kind) else "binary"


def is_file(media_type: str) -> bool:
    """Tell whether a body of a media type is given as one file, not as a value by its schema."""
    return kind_of(media_type) in ("text", "binary")


def preferred(contents: Iterable[Content]) -> Content:
    """Return the content that requests are made of: JSON, else a form, multipart, text, binary; the first of its kind.

    The caller gives at least one.
    """
    return min(contents, key=lambda each: _KINDS.index(kind_of(each.media_type)))
