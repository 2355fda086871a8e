"""Hold the suite of six worlds of work, which is always there."""

from pathlib import Path

from ops.evaluation.injection.cases import Setting, read_settings
from ops.evaluation.injection.suite import NAMES, measured
from ops.evaluation.suite import Figures, Suite, Wanted

WORLDS = Path(__file__).parent


async def run(wanted: Wanted) -> Figures:
    """Measure what gets through, and what users are asked."""
    return await measured(wanted, settings(wanted.data))


def settings(data: Path | None) -> list[Setting]:
    """Read the suite's worlds."""
    return read_settings(WORLDS)


SUITE = Suite(
    name="workplace",
    words="Let an agent that obeys every injected instruction work in six worlds of our own; needs no data.",
    source="",
    run=run,
    settings=settings,
    figures=NAMES,
)
