"""Hold a request before it is sent."""

from urllib.parse import urlsplit

import msgspec

from domain.encoding import digest, digest_bytes


class Unbuildable(Exception):
    """Say which argument cannot be put into a request, as ``/place/name: what was expected``."""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a request before it is sent, without its idempotency key and credentials."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def digest(self, *, document: str, operation: str) -> str:
        """Return the SHA-256 of what is sent, together with what it was made from."""
        return digest([document, operation, self.method, self.url, self.headers, digest_bytes(self.body)])


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
