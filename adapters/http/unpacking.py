"""Unpack an answer that a server compressed although nobody asked for it."""

import zlib

from commands.ports import DialFault

_NOT_PACKED = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_BY_ITS_HEADER = zlib.MAX_WBITS | 32


class Unpacker:
    """Unpack the bytes of one body as they come; it may consist of several packed one behind the other."""

    def __init__(self) -> None:
        self._packed = zlib.decompressobj(_BY_ITS_HEADER)
        self._begun = False

    def take(self, chunk: bytes, most: int) -> bytes:
        """Return at most ``most`` further bytes of the body; raises DialFault where they cannot be unpacked."""
        body = bytearray()
        while chunk and len(body) < most:
            self._begun = True
            if self._packed.eof:
                self._packed = zlib.decompressobj(_BY_ITS_HEADER)
            try:
                body += self._packed.decompress(chunk, most - len(body))
            except zlib.error as fault:
                raise DialFault(f"The answer is compressed, but cannot be unpacked: {fault}.", sent=True) from fault
            chunk = self._packed.unconsumed_tail or self._packed.unused_data
        return bytes(body)

    def end(self) -> None:
        """Raise DialFault where the body is not whole; one without a single byte, as HEAD has it, is."""
        if self._begun and not self._packed.eof:
            raise DialFault("The answer is compressed, and ended before it was whole.", sent=True)


def unpacker_of(encoding: str) -> Unpacker | None:
    """Return what unpacks a content encoding, None where there is nothing to; raises DialFault for other encodings."""
    named = encoding.strip().lower()
    if named in _NOT_PACKED:
        return None
    if named not in _PACKED:
        # The server's word is not repeated: it may have sent a credential back in it.
        raise DialFault("Expected an answer without compression, as was asked for, or in gzip or deflate.", sent=True)
    return Unpacker()
