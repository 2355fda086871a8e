"""Watch how much memory a process takes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

SAMPLE_SECONDS = 0.5


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"Process {pid} has ended.")


@dataclass
class Memory:
    """Sample a process's resident memory over time."""

    pid: int
    samples: list[tuple[float, float]] = field(default_factory=list)

    async def watch(self) -> None:
        """Sample until cancelled."""
        while True:
            self.samples.append((time.monotonic(), rss_mb(self.pid)))
            await asyncio.sleep(SAMPLE_SECONDS)

    def peak(self) -> float:
        """Return the most that was seen."""
        return max(size for _, size in self.samples)

    def slopes(self) -> tuple[float, float]:
        """Return the growth in the first and in the last half, in megabytes a minute."""
        half = len(self.samples) // 2
        return _slope(self.samples[:half]), _slope(self.samples[half:])


def _slope(samples: Sequence[tuple[float, float]]) -> float:
    times, sizes = zip(*samples, strict=True)
    return 60 * linear_regression(times, sizes).slope
