"""Show how things stand whenever somebody looks, and leave out what cannot be said now."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

LOGGER = logging.getLogger("reprise.metrics")
FRESH_SECONDS = 2.0
PATIENCE_SECONDS = 2.0

Sample: TypeAlias = tuple[str, str, float]
"""A gauge's name, the value of its label, "" where it has none, and its value."""
Part: TypeAlias = Callable[[], Awaitable[Iterable[Sample]]]

GAUGES: Mapping[str, tuple[str, str]] = {
    "up": ("Whether a part answered when it was last asked.", "part"),
    "log_head": ("The position of the log's last event.", ""),
    "relay_lag_events": ("Events of the log that are not in JetStream yet.", ""),
    "projection_lag_events": ("Events of the log that are not in a read model yet.", "read_model"),
    "projection_skipped_events": ("Events that this process left out of read models: of unknown types, or broken.", ""),
    "work_due": ("Work and timers that are due.", "lane"),
    "work_oldest_seconds": ("How long the oldest of these has been due.", "lane"),
    "sessions": ("Sessions that have not ended.", "status"),
    "approvals_open": ("Questions that wait for people.", ""),
    "dead_letters_open": ("Calls that were given up and wait for people.", ""),
    "breakers": ("Tools whose breaker in this process is not closed.", "state"),
    "cache_hits": ("Look-ups of what was pinned of the catalogue that found it in this process.", "cache"),
    "cache_misses": ("Look-ups that read it from the log's store.", "cache"),
    "cache_entries": ("What is kept of it now.", "cache"),
    "spans": ("Spans of this process, by what became of them.", "outcome"),
}


class Gauges(Collector):
    """Ask parts for their gauges, at most every few seconds; a part that does not answer is said to be down."""

    def __init__(self, parts: Mapping[str, Part]):
        self._parts = parts
        self._samples: dict[str, list[Sample]] = {}
        self._asked, self._asking = -FRESH_SECONDS, asyncio.Lock()

    async def refresh(self) -> None:
        """Ask all parts, unless somebody has just done so."""
        async with self._asking:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                await asyncio.gather(*(self._ask(name, part) for name, part in self._parts.items()))
                self._asked = time.monotonic()

    async def _ask(self, name: str, part: Part) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._samples[name] = [("up", name, 1), *await part()]
        except Exception as fault:  # whatever is wrong with one part, the others are shown
            LOGGER.info("The metrics of %s are missing: %r", name, fault)
            self._samples[name] = [("up", name, 0)]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges as they were last answered."""
        families: dict[str, GaugeMetricFamily] = {}
        for samples in self._samples.values():
            for name, label, value in samples:
                words, label_name = GAUGES[name]
                family = families.setdefault(
                    name, GaugeMetricFamily(f"reprise_{name}", words, labels=[label_name] if label_name else [])
                )
                family.add_metric([label] if label_name else [], value)
        yield from families.values()
