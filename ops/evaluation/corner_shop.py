"""Let agents do the support of a small shop of our own: a few tasks that are always there."""

from pathlib import Path

from ops.evaluation.retail.suite import NAMES, measured
from ops.evaluation.suite import Figures, Suite, Wanted

FOLDER = Path(__file__).parent / "retail" / "corner_shop"


async def run(wanted: Wanted) -> Figures:
    """Do the tasks, then again with a third of the calls spoiled."""
    return await measured(wanted, FOLDER, share=1 / 3)


SUITE = Suite(
    name="corner-shop",
    words="Let agents do the support of a small shop, as tau2-retail does of a large one; needs no data.",
    source="",
    run=run,
    takes=("model",),
    figures=NAMES,
)
