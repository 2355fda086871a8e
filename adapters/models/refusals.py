"""Remember of a model's server what it refuses, and until when it wants to be left alone."""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.models.faults import MOST_WAIT_MS
from adapters.models.wanted import Trait
from commands.ports import ModelFault

_COUNTED = ("requests", "tokens")
_COUNTED_APART = (*_COUNTED, "input-tokens", "output-tokens")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Standing:
    """Hold what this process learned of one model; ``without`` are the words in which it refused a part."""

    def __init__(self) -> None:
        self.lacks: frozenset[Trait] = frozenset()
        self.without = ""
        self._quiet_until = 0.0

    def refuse(self, lacks: frozenset[Trait], without: str) -> None:
        """Remember what a server refused, once it has answered without."""
        self.lacks, self.without = self.lacks | lacks, without or self.without

    def quiet(self, wait_ms: int) -> None:
        """Remember for how long the server wants to be left alone."""
        self._quiet_until = max(self._quiet_until, time.monotonic() + wait_ms / 1000)

    async def turn(self, name: str, patience_ms: int) -> None:
        """Wait until the server may be asked again; raises ModelFault where that takes most of the patience."""
        wait_ms = round((self._quiet_until - time.monotonic()) * 1000)
        if wait_ms * 2 > patience_ms:
            raise ModelFault(
                f"Nothing was sent: the server of {name} asked to be left alone for {wait_ms} ms more.",
                retryable=True,
                retry_after_ms=wait_ms,
            )
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)


def used_up_ms(headers: Mapping[str, str], now: datetime) -> int:
    """Return for how long nothing more is served, by the limits that a server counts down in its answers; else 0."""
    waits = [_span_ms(headers.get(f"x-ratelimit-reset-{each}", "")) for each in _COUNTED if _none_left(headers, each)]
    waits += [
        _until_ms(headers.get(f"anthropic-ratelimit-{each}-reset", ""), now)
        for each in _COUNTED_APART
        if headers.get(f"anthropic-ratelimit-{each}-remaining") == "0"
    ]
    return max(0, min(max(waits, default=0), MOST_WAIT_MS))


def _none_left(headers: Mapping[str, str], counted: str) -> bool:
    return headers.get(f"x-ratelimit-remaining-{counted}") == "0"


def _span_ms(text: str) -> int:
    """Read a span like ``1h6m0.5s`` or ``20ms``; what is none is no time."""
    parts = _SPAN.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0
    return round(sum(float(number) * _SECONDS[unit] for number, unit in parts) * 1000)


def _until_ms(text: str, now: datetime) -> int:
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return round(((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds() * 1000)
