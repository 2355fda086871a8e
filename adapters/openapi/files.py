"""Say how an agent writes a file: by the digest of a stored blob, or as a text."""

from collections.abc import Mapping
from typing import Any

FILE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "blob": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of a stored file"},
        "text": {"type": "string"},
        "name": {"type": "string"},
        "type": {"type": "string", "description": "its media type"},
    },
    "additionalProperties": False,
    # Each names the type again: what is no object would else fit both, and be told so.
    "oneOf": [{"type": "object", "required": ["blob"]}, {"type": "object", "required": ["text"]}],
}


def describes_file(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema, its references followed, describes bytes as they are, in any of the dialects."""
    kind, form = schema.get("type"), schema.get("format")
    if kind == "file":
        return True
    of_bytes = "contentMediaType" in schema and "contentEncoding" not in schema
    return kind in ("string", None) and (form == "binary" or of_bytes)
