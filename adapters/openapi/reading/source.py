"""Read a document from what was uploaded: one text, or a zip of several."""

import json
from typing import Any

import msgspec

from adapters.openapi.reading.archive import is_archive, open_archive
from adapters.openapi.reading.bundle import read_bundle
from adapters.openapi.reading.limits import check_size, check_text, measure
from adapters.openapi.reading.text import read_text
from domain.encoding import digest_bytes


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a document's tree, and the text that is kept of it, which gives the same tree whenever it is read."""

    tree: dict[str, Any]
    text: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text: of a bundle, it is the same however the files were packed."""
        return digest_bytes(self.text)


def read_source(data: bytes) -> Source:
    """Read a text or a zip; raises Invalid with the place of the fault, and TooLarge."""
    if not is_archive(data):
        return Source(tree=read_text(data), text=data)
    tree = read_bundle(open_archive(data))
    measure(tree)
    check_text(tree)  # before it is written
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    check_size(len(text))
    return Source(tree=tree, text=text)
