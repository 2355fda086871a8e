"""Write multipart bodies; the boundary follows from the content, so the same parts are the same bytes."""

from collections.abc import Sequence

import msgspec

from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.texts import CONTROL
from domain.encoding import digest_bytes


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one part; ``filename`` and ``type`` are left out where they are empty."""

    name: str
    data: bytes
    filename: str = ""
    type: str = ""


def write_multipart(parts: Sequence[Part]) -> tuple[str, bytes]:
    """Return the boundary and the body; raises Unbuildable."""
    written = [_head(each) + each.data + b"\r\n" for each in parts]
    boundary = digest_bytes(b"".join(written))[:32]
    while any(boundary.encode() in each for each in written):
        boundary = digest_bytes(boundary.encode())[:32]
    line = f"--{boundary}".encode()
    return boundary, b"".join(line + b"\r\n" + each for each in written) + line + b"--\r\n"


def _head(part: Part) -> bytes:
    filename = f'; filename="{_quoted(part.filename)}"' if part.filename else ""
    lines = [f'Content-Disposition: form-data; name="{_quoted(part.name)}"{filename}']
    lines += [f"Content-Type: {part.type}"] if part.type else []
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def _quoted(text: str) -> str:
    """Return a name as browsers write it; raises Unbuildable where it would end its line."""
    if CONTROL.search(text):
        raise Unbuildable(f"/body/{text[:40]!r}: expected a name without control characters")
    return text.replace("\\", "%5C").replace('"', "%22")
