"""Keep big texts once: an event holds a text whole while it is small, else its beginning and its digest."""

import msgspec

from domain.encoding import digest_bytes

INLINE_BYTES = 16 * 1024
REPLY_BYTES = 64 * 1024
"""A model's reply is kept whole up to here, for it is decided from; escaped it still fits into an event."""
EXCERPT_BYTES = 4 * 1024


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a text, or the beginning of a large one whose bytes are a blob under ``blob``, their SHA-256.

    Bytes that are no text are a blob whatever their size, and the text says so, that others can pass the blob on.
    """

    text: str
    size: int
    blob: str = ""

    @property
    def whole(self) -> bool:
        """Tell whether the text is all there is."""
        return not self.blob


def content(data: bytes, inline: int = INLINE_BYTES) -> Content:
    """Hold bytes as content; where the result names a ``blob``, the caller stores the bytes under that digest."""
    text = _text(data)
    if text is not None and len(data) <= inline:
        return Content(text=text, size=len(data))
    blob = digest_bytes(data)
    return Content(text=_excerpt(data) if text else _note(data, blob), size=len(data), blob=blob)


def _excerpt(data: bytes) -> str:
    return data[:EXCERPT_BYTES].decode("utf-8", "replace")  # the cut may fall inside a character


def _note(data: bytes, blob: str) -> str:
    return f"{len(data)} bytes that are no text, kept as the blob {blob}"


def _text(data: bytes) -> str | None:
    """Return bytes as the text they are, or None; NUL cannot be stored in a Postgres text or jsonb value."""
    try:
        return None if b"\x00" in data else data.decode()
    except UnicodeDecodeError:
        return None
