"""Hold a request before it is sent."""

import hmac
from urllib.parse import urlsplit

import msgspec

from domain.encoding import digest, digest_bytes


class Unbuildable(Exception):
    """Say which argument cannot be put into a request, as ``/place/name: what was expected``."""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a request before it is sent, without its idempotency key and credentials.

    ``pages`` is how many pages of the answer may be read, each by a request of its own; 1 asks for no more than this.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    pages: int = 1

    def digest(self, *, document: str, operation: str, key: bytes = b"") -> str:
        """Return the SHA-256 of what is sent, together with what it was made from; under a key, its HMAC."""
        more = [self.pages] if self.pages > 1 else []
        found = digest([document, operation, self.method, self.url, self.headers, digest_bytes(self.body), *more])
        return hmac.digest(key, found.encode(), "sha256").hex() if key else found


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
