"""Write a Retry-After header in seconds, whichever of its two forms came."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_SECONDS = 86_400


def normalised(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return headers with ``retry-after`` in whole seconds, at most a day, or without it where it cannot be read."""
    now = datetime.now(UTC)
    pairs = ((name, seconds(value, now) if name == "retry-after" else value) for name, value in headers)
    return tuple((name, value) for name, value in pairs if value is not None)


def seconds(value: str, now: datetime) -> str | None:
    """Return the seconds that a Retry-After value asks to wait, at most a day, or None where it cannot be read."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        # Ten digits are more than a day, and Python refuses to read some thousands.
        return str(min(MOST_SECONDS, int(text.lstrip("0")[:10] or 0)))
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return str(min(MOST_SECONDS, max(0, round((until - now).total_seconds()))))
    except (ValueError, OverflowError):
        return None
