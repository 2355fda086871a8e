"""Stop calling a tool that keeps failing, and probe it after a while.

Pure: the shell keeps one breaker per tool and process.
"""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace


class BreakerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Open after ``failures`` in a row, for ``open_ms``."""

    failures: int = 5
    open_ms: int = 15_000


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """Be closed (``open_until`` is None), open, or half open: past ``open_until``, with at most one probe under way."""

    failures: int = 0
    open_until: datetime | None = None
    probing_until: datetime | None = None


def refused_until(breaker: Breaker, now: datetime) -> datetime | None:
    """Return until when calls must wait, or None where one may be made."""
    if breaker.open_until is None:
        return None
    if now < breaker.open_until:
        return breaker.open_until
    if breaker.probing_until and now < breaker.probing_until:
        return breaker.probing_until
    return None


def on_call(breaker: Breaker, now: datetime, settings: BreakerSettings) -> Breaker:
    """Note that a call is made; behind an open breaker it is the one probe."""
    if breaker.open_until is None:
        return breaker
    return replace(breaker, probing_until=now + timedelta(milliseconds=settings.open_ms))


def on_success(breaker: Breaker) -> Breaker:
    """Close the breaker."""
    return breaker if breaker == CLOSED else CLOSED


def on_failure(breaker: Breaker, now: datetime, settings: BreakerSettings) -> Breaker:
    """Count a failure; open the breaker when there were enough in a row, or when the probe failed."""
    failures = breaker.failures + 1
    if breaker.open_until is None and failures < settings.failures:
        return replace(breaker, failures=failures)
    return Breaker(failures=failures, open_until=now + timedelta(milliseconds=settings.open_ms))


CLOSED = Breaker()
