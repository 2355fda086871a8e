"""Say which media types a request names: what it asks for, and what it is written in."""

import re
from collections.abc import Iterable

from adapters.openapi.media import essence, is_json, kind_of
from adapters.openapi.model import Answer

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}(?:\s*;\s*{_TOKEN}=(?:{_TOKEN}|\"[ !#-\[\]-~]*\"))*")
_DEFAULTS = {"json": "application/json", "text": "text/plain"}


def accept(answers: Iterable[Answer]) -> str:
    """Return what to ask for: JSON where a success may be JSON, else what the document offers, else anything."""
    answers = tuple(answers)
    successes = [each for each in answers if each.status.startswith("2")]
    offered = [content.media_type.strip() for each in successes for content in each.contents]
    usable = [each for each in dict.fromkeys(offered) if MEDIA_TYPE.fullmatch(each) and essence(each) != "*/*"]
    json = [each for each in usable if is_json(each)]
    plain = [each for each in json if ";" not in each]
    return ", ".join(plain or json or usable) or "application/json, */*;q=0.5"


def content_type(declared: str, given: str = "") -> str:
    """Return the media type that a body is sent as: the one that came with a file, the declared one, or one it fits."""
    kind = kind_of(declared)
    if given:
        return given
    named = declared.strip() if MEDIA_TYPE.fullmatch(declared.strip()) else essence(declared)
    chosen = _DEFAULTS.get(kind, "application/octet-stream") if "*" in essence(named) else named
    return f"{chosen}; charset=utf-8" if chosen.startswith("text/") and ";" not in chosen else chosen


def fits(given: str, declared: str) -> bool:
    """Tell whether a media type is one of those that are declared, as ``image/png, image/*``."""
    kinds = [essence(each) for each in declared.split(",")]
    wide = essence(given).partition("/")[0] + "/*"
    return not declared or any(each in (essence(given), wide, "*/*") for each in kinds)
