"""Read why a model's server did not answer, and for how long it asks to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from commands.ports import HttpResponse, ModelFault
from domain.redaction.clipping import clipped

_EXCERPT = 300
MOST_WAIT_MS = 3_600_000
_DIGITS = 12
"""More than an hour has; Python refuses to read some thousands."""


def refused(name: str, response: HttpResponse) -> ModelFault:
    """Return the fault that an answer with another status than 200 is."""
    status = response.status
    excerpt = clipped(response.body[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT)
    return ModelFault(
        f"The model {name} answered with status {status}: {excerpt}",
        retryable=status in (408, 409, 425, 429) or status >= 500,
        retry_after_ms=retry_after_ms(response, datetime.now(UTC)),
    )


def retry_after_ms(response: HttpResponse, now: datetime) -> int:
    """Return for how long a server asks to be left alone, said in milliseconds, in seconds or as a date; else 0."""
    exact, said = response.header("retry-after-ms"), response.header("retry-after")
    if exact.isdecimal():
        return min(int(exact[:_DIGITS]), MOST_WAIT_MS)
    if said.isdecimal():
        return min(int(said[:_DIGITS]) * 1000, MOST_WAIT_MS)
    try:
        wait = (parsedate_to_datetime(said) - now).total_seconds()
    except (ValueError, TypeError):
        return 0
    return max(0, min(round(wait * 1000), MOST_WAIT_MS))
