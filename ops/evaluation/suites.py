"""List the suites."""

from domain.errors import NotFound
from ops.evaluation import restbench, shop
from ops.evaluation.suite import Suite

SUITES = {suite.name: suite for suite in (shop.SUITE, restbench.SUITE)}


def suite_of(name: str) -> Suite:
    """Return a suite by its name; raise NotFound."""
    if name not in SUITES:
        raise NotFound(f"Expected one of the suites {', '.join(SUITES)}, but got {name[:100]!r}.")
    return SUITES[name]
