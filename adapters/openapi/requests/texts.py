"""Write single values as text, and percent-encode them."""

import re
from typing import Any
from urllib.parse import quote

from adapters.openapi.requests.built import Unbuildable
from domain.encoding import canonical
from domain.errors import Invalid

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Of the reserved characters, those that cannot end or split what they stand in.
RESERVED_IN_QUERY = ":/?@!$'()*,;"
RESERVED_IN_PATH = ":@!$&'()*+,;="


def scalar(value: Any, at: str) -> str:
    """Return a single value as text, null as an empty one; raises Unbuildable where it is not single."""
    match value:
        case str():
            return _encodable(value, at)
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case dict() | list():
            raise Unbuildable(f"{at}: expected no values nested this deep, for the style cannot write them")
        case _:
            return str(value)


def _encodable(text: str, at: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise Unbuildable(f"{at}: expected text, but it holds half of a character") from fault
    return text


def percent(text: str | bytes, keep: str = "") -> str:
    """Percent-encode all but unreserved characters and those to ``keep``; a percent sign is always encoded."""
    return quote(text, safe=keep)


def shown(text: str, most: int = 80) -> str:
    """Quote a text in a problem, whole and as it stands or not at all: part of a hidden value is found by nobody."""
    plain = repr(text)
    return plain if len(text) <= most and plain[1:-1] == text else f"a text of {len(text)} characters"


def json_bytes(value: Any, at: str) -> bytes:
    """Return a value as canonical JSON; raises Unbuildable where JSON cannot say it."""
    try:
        return canonical(value)
    except Invalid as fault:
        raise Unbuildable(f"{at}: {fault}") from fault


def ascii_json(text: str) -> str:
    """Return JSON with each character that is not printable ASCII escaped."""
    return "".join(each if each.isascii() and each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
