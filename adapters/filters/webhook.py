"""Ask a filter behind a URL: it gets JSON of what is looked at, redacted, and answers with its opinion."""

from urllib.parse import urlsplit

import msgspec

from commands.ports import Dialer, HttpRequest, Looked, Opinion
from domain.encoding import parse_written
from domain.session.events import FilterDecision

MOST_BYTES = 64 * 1024
_TIMEOUT_MS = 4_500


class _Answer(Opinion, frozen=True, kw_only=True):
    """Be an opinion that says its decision: one that is silent about it is no leave to pass."""

    decision: FilterDecision


class WebhookFilter:
    """Implement the ContentFilter port; any answer but 200 with an opinion is an error, and so a denial."""

    def __init__(self, dialer: Dialer, url: str) -> None:
        self._dialer, self._url = dialer, url
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self.name = parts.netloc.rpartition("@")[2] + parts.path  # it stands in events: no password of the URL does

    async def look(self, looked: Looked) -> Opinion:
        """Send what is looked at, and return the opinion; raises whatever goes wrong."""
        request = HttpRequest(
            method="POST",
            url=self._url,
            origin=self._origin,
            headers=(("content-type", "application/json"),),
            body=msgspec.json.encode(looked),
            timeout_ms=_TIMEOUT_MS,
            max_bytes=MOST_BYTES,
            allow_private=True,
        )
        response = await self._dialer.send(request)
        if response.status != 200:
            raise ValueError(f"expected status 200, but the filter answered {response.status}")
        parse_written(response.body)  # refuses a key that stands twice: two readers would take two decisions
        said = msgspec.json.decode(response.body, type=_Answer)
        return Opinion(decision=said.decision, labels=said.labels, reason=said.reason)
