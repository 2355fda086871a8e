"""Tell media types apart."""

import re

from adapters.openapi.model import Body, Content

_JSON = re.compile(r"(application|text)/json|[a-z0-9.-]+/[a-z0-9.+-]+\+json")


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON."""
    return _JSON.fullmatch(essence(media_type)) is not None


def json_content(body: Body) -> Content | None:
    """Return what a body is as JSON, or None; where anything is taken, JSON is."""
    return next((each for each in body.contents if is_json(each.media_type) or essence(each.media_type) == "*/*"), None)
