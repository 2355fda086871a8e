"""Read what an operation of OpenAPI 3 sends and answers."""

import re
from typing import Any

from adapters.openapi.model import Answer, Body, Content, Encoding
from adapters.openapi.reading.ground import Ground
from adapters.openapi.references import Unusable, object_of, resolve, text_of

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# Some documents declare an empty form even for these.
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_STATUS = re.compile(r"[1-5](?:XX|\d\d)|default")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+\s*(?:;[\x20-\x7e]*)?", re.ASCII)
_SAYS_SOMETHING = ("properties", "allOf", "anyOf", "oneOf", "additionalProperties", "patternProperties")


def read_body(ground: Ground, method: str, raw: dict[str, Any]) -> Body | None:
    """Read the body, None where there is none; raises Unusable where one is required that cannot be sent."""
    if "requestBody" not in raw:
        return None
    here = ground.at("requestBody")
    body = resolve(ground.tree, raw["requestBody"], here.place)
    required = body.get("required") is True
    contents = read_contents(here, body)
    if not required and method in _WITHOUT_BODY and all(_is_empty_form(ground, each) for each in contents):
        return None
    if not contents:
        if required:
            raise Unusable("its body is required, but in no media type", here.place)
        here.warn("the body is in no media type; it is left out")
        return None
    return Body(required=required, contents=contents)


def read_contents(ground: Ground, raw: dict[str, Any]) -> tuple[Content, ...]:
    """Read the media types of a body or an answer; what is none is left out with a warning."""
    found = []
    for media_type, written in object_of(raw, "content").items():
        here = ground.at("content", media_type)
        if check_media_type(here, media_type):
            found.append(_content(here, media_type, resolve(ground.tree, written, here.place)))
    return tuple(found)


def check_media_type(ground: Ground, media_type: str) -> bool:
    """Tell whether a text is a media type; warn where it is not."""
    if _MEDIA_TYPE.fullmatch(media_type):
        return True
    ground.warn(f"{media_type[:80]!r} is no media type; it is left out")
    return False


def _content(ground: Ground, media_type: str, raw: dict[str, Any]) -> Content:
    schema = raw.get("schema", {})
    if "schema" not in raw and "itemSchema" in raw:
        schema = {"type": "array", "items": raw["itemSchema"]}
    encodings = tuple(_encoding(ground, name, each) for name, each in object_of(raw, "encoding").items())
    return Content(media_type=media_type, schema=schema, encodings=encodings)


def _encoding(ground: Ground, name: str, raw: Any) -> Encoding:
    raw = raw if isinstance(raw, dict) else {}
    if any(each.lower() != "content-type" for each in object_of(raw, "headers")):
        left_out = "headers of a part are not sent, for RFC 7578, 4.8 forbids them in forms; they are left out"
        ground.at("encoding", name, "headers").warn(left_out)
    explode = raw.get("explode")
    return Encoding(
        name=name,
        content_type=text_of(raw, "contentType"),
        style=text_of(raw, "style"),
        explode=explode if isinstance(explode, bool) else None,
        allow_reserved=raw.get("allowReserved") is True,
    )


def _is_empty_form(ground: Ground, content: Content) -> bool:
    if content.media_type not in FORMS:
        return False
    schema = resolve(ground.tree, content.schema) if isinstance(content.schema, dict) else {}
    return not any(schema.get(key) for key in _SAYS_SOMETHING)


def read_answers(ground: Ground, raw: dict[str, Any]) -> tuple[Answer, ...]:
    """Read the answers; one that cannot be read is left out with a warning, for the call is possible without."""
    found = []
    for status, response in object_of(raw, "responses").items():
        here = ground.at("responses", status)
        if (code := check_status(here, status)) is None:
            continue
        try:
            contents = read_contents(here, resolve(ground.tree, response, here.place))
        except Unusable as fault:
            here.warn(f"{fault}; the answer is left out", fault.place)
        else:
            found.append(Answer(status=code, contents=contents))
    return tuple(found)


def check_status(ground: Ground, status: str) -> str | None:
    """Return a status as ``200``, ``2XX`` or ``default``; None with a warning where it is none of them."""
    written = status if status == "default" else status.upper()
    if _STATUS.fullmatch(written):
        return written
    if not status.startswith("x-"):
        ground.warn(f"{status[:40]!r} is no status; the answer is left out")
    return None
