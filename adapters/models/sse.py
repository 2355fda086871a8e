"""Read server-sent events out of pieces of bytes, as far as models' servers use them: the ``data`` of each event.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from collections.abc import Iterator

MOST_LINE = 1 << 20
"""No piece of a reply needs more; a line that never ends is refused before it fills the memory."""


class Malformed(Exception):
    """Say what is wrong with a stream."""


class Events:
    """Collect events; lines end with LF or CRLF."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of the events that a piece completes; raises Malformed."""
        self._rest += piece
        if b"\n" in piece:
            *lines, self._rest = self._rest.split(b"\n")
            yield from filter(None, map(self._line, lines))
        if len(self._rest) > MOST_LINE:
            raise Malformed(f"a line of more than {MOST_LINE} bytes")

    def _line(self, line: bytearray) -> bytes | None:
        """Take a line; return the data of an event where it ends one that has any."""
        if line := line.removesuffix(b"\r"):
            self._keep(bytes(line))
            return None
        data, self._data, self._size = self._data, [], 0
        return b"\n".join(data) if data else None

    def _keep(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"data":
            self._size += len(value)
            if self._size > MOST_LINE:
                raise Malformed(f"an event of more than {MOST_LINE} bytes")
            self._data.append(value.removeprefix(b" "))
