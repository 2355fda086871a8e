"""Fetch documents from where they are published."""

from urllib.parse import urlsplit

from commands.ports import Dialer, DialFault, HttpRequest
from domain.errors import Invalid, TooLarge

MOST_DOCUMENT_BYTES = 16 << 20
FETCH_TIMEOUT_MS = 20_000
FETCH_REDIRECTS = 3


async def fetch_document(
    dialer: Dialer, url: str, *, allow_private: bool = False, max_bytes: int = MOST_DOCUMENT_BYTES
) -> bytes:
    """Fetch a document from where it is published; raises Invalid, TooLarge."""
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise Invalid(f"Expected the URL of a document, but got {url[:200]!r}: {fault}.") from fault
    request = HttpRequest(
        method="GET",
        url=url,
        origin=f"{parts.scheme}://{parts.netloc}",
        timeout_ms=FETCH_TIMEOUT_MS,
        max_bytes=max_bytes,
        allow_private=allow_private,
        listed_port=not allow_private,
        follow=FETCH_REDIRECTS,
    )
    try:
        response = await dialer.send(request)
    except DialFault as fault:
        raise Invalid(f"The document at {url[:200]} cannot be fetched: {fault}") from fault
    if response.status != 200:
        raise Invalid(f"Expected a document at {url[:200]}, but it answered {response.status}.")
    if len(response.body) > max_bytes:
        raise TooLarge(f"Expected a document of at most {max_bytes} bytes, but {url[:200]} has more.")
    return response.body
