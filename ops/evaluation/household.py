"""Let attacks of our own meet an agent that obeys them all: a few cases that are always there."""

from pathlib import Path

from ops.evaluation.injection.cases import Setting, read_setting
from ops.evaluation.injection.suite import NAMES, measured
from ops.evaluation.suite import Figures, Suite, Wanted

CASES = Path(__file__).with_name("household.json")


async def run(wanted: Wanted) -> Figures:
    """Measure what gets through, and what users are asked."""
    return await measured(wanted, settings(wanted.data))


def settings(data: Path | None) -> list[Setting]:
    """Read the suite's worlds."""
    return [read_setting(CASES)]


SUITE = Suite(
    name="household",
    words="Let an agent that obeys every injected instruction run a small household; needs no data.",
    source="",
    run=run,
    settings=settings,
    figures=NAMES,
)
