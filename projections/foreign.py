"""Make foreign text fit for columns of the type json."""

import msgspec

from domain.content import Content
from domain.encoding import Json


def json_of(value: Json) -> Json:
    """Return foreign JSON as it is, or as a JSON string where Postgres could not read it (too deep, say)."""
    return value if _readable(bytes(value)) else msgspec.Raw(msgspec.json.encode(bytes(value).decode(errors="replace")))


def json_of_content(content: Content) -> Json:
    """Return a text that is whole and JSON as JSON, any other as a JSON string."""
    data = content.text.encode()
    if content.whole and _readable(data):
        return msgspec.Raw(data)
    return msgspec.Raw(msgspec.json.encode(content.text))


def _readable(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True
