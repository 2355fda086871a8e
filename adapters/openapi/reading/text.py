"""Read the text of a document, JSON or YAML, into plain JSON values within limits."""

import re
from typing import Any

from adapters.openapi.reading.anchors import localise, uses_anchors
from adapters.openapi.reading.json_text import read_json
from adapters.openapi.reading.limits import check_size
from adapters.openapi.references import kind_word
from domain.errors import Invalid

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")
# An object of YAML may begin with a brace too, but hardly ever with a quoted key.
_JSON = re.compile(rb'\s*(?:\{\s*(?:["}]|$)|\[)')


def read_text(data: bytes) -> dict[str, Any]:
    """Return a document's tree; raises TooLarge, and Invalid with the place of the fault."""
    tree = read_values(data)
    if not isinstance(tree, dict):
        raise Invalid(f"Expected an OpenAPI document, an object, not {kind_word(tree)}.")
    if uses_anchors(data):
        localise(tree, whole=True)
    return tree


def read_values(data: bytes) -> Any:
    """Return what a text says, an object or anything else; raises TooLarge and Invalid as `read_text` does."""
    check_size(len(data))
    _check_encoding(data)
    text = data.removeprefix(_BYTE_ORDER_MARK)
    if _JSON.match(text):
        return read_json(text)
    from adapters.openapi.reading.yaml_text import read_yaml  # a library that JSON need not wait for

    return read_yaml(text)


def _check_encoding(data: bytes) -> None:
    """Refuse UTF-16 and UTF-32: they begin with a mark of their own, or have a zero byte beside the first character."""
    if data.startswith(_OTHER_MARKS) or b"\0" in data[:2]:
        raise Invalid("Expected a document in UTF-8, but this is UTF-16, UTF-32 or no text at all; save it as UTF-8.")
