"""Keep big texts once: an event holds a text whole while it is small, else its beginning and its digest."""

import msgspec

from domain.encoding import digest_bytes

INLINE_BYTES = 16 * 1024
REPLY_BYTES = 64 * 1024
"""A model's reply is kept whole up to here, for it is decided from; escaped it still fits into an event."""
EXCERPT_BYTES = 4 * 1024


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a text, or the beginning of a large one whose bytes are a blob under ``blob``, their SHA-256."""

    text: str
    size: int
    blob: str = ""

    @property
    def whole(self) -> bool:
        """Tell whether the text is all there is."""
        return not self.blob


def content(data: bytes, inline: int = INLINE_BYTES) -> Content:
    """Hold bytes as content; where the result names a ``blob``, the caller stores the bytes under that digest."""
    if len(data) <= inline:
        return Content(text=_text(data), size=len(data))
    return Content(text=_text(data[:EXCERPT_BYTES]), size=len(data), blob=digest_bytes(data))


def _text(data: bytes) -> str:
    # NUL cannot be stored in a Postgres text or jsonb value, and a cut may fall inside a character.
    return data.decode("utf-8", "replace").replace("\x00", "\ufffd")
