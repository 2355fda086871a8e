"""List the suites."""

from pathlib import Path

from domain.errors import NotFound
from ops.evaluation import agentdojo, corner_shop, household, injecagent, memory, pii, restbench, review, shop
from ops.evaluation.retail import suite as retail
from ops.evaluation.suite import Suite
from ops.evaluation.tasks import suite as smoke
from ops.evaluation.tasks.suite import suite_in
from ops.evaluation.workplace import suite as workplace

MODULES = (
    shop,
    smoke,
    household,
    workplace,
    restbench,
    agentdojo,
    injecagent,
    pii,
    memory,
    corner_shop,
    retail,
    review,
)
SUITES: dict[str, Suite] = {module.SUITE.name: module.SUITE for module in MODULES}


def suite_of(name: str) -> Suite:
    """Return a suite by its name, or that of a dataset by its file's, which ends in .json; raise NotFound."""
    if name.endswith(".json"):
        return suite_in(Path(name))
    if name not in SUITES:
        raise NotFound(f"Expected one of the suites {', '.join(SUITES)}, but got {name[:100]!r}.")
    return SUITES[name]
