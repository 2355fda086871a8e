"""A text is held whole while it is small; what is no text is a blob, and none of its bytes is changed."""

import pytest

from domain.content import EXCERPT_BYTES, INLINE_BYTES, Content, content
from domain.encoding import digest_bytes


def test_a_small_text_is_held_whole() -> None:
    assert content("é1".encode()) == Content(text="é1", size=3)
    assert content(b"") == Content(text="", size=0)


def test_of_a_large_text_the_beginning_is_held() -> None:
    data = ("a" + "é" * INLINE_BYTES).encode()
    held = content(data)
    assert (held.size, held.blob, held.whole) == (len(data), digest_bytes(data), False)
    assert held.text.rstrip("\ufffd") == data.decode()[: EXCERPT_BYTES // 2]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"\xff", b"a\x00b", b"\x00" * 100_000])
def test_bytes_that_are_no_text_are_a_blob_of_any_size(data: bytes) -> None:
    held = content(data)
    assert held.blob == digest_bytes(data) and not held.whole
    assert held.text == f"{len(data)} bytes that are no text, kept as the blob {held.blob}"
