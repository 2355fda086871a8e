"""Let the attacks of AgentDojo meet an agent that obeys them all.

AgentDojo (Debenedetti et al. 2024) has four worlds with tasks of users and of attackers. A case is a task that reads
what others wrote, with an attack that has something to do.
"""

from pathlib import Path

from ops.evaluation.injection.cases import Setting, read_settings
from ops.evaluation.injection.suite import NAMES, measured
from ops.evaluation.suite import Figures, Suite, Wanted


async def run(wanted: Wanted) -> Figures:
    """Measure what gets through, and what users are asked."""
    return await measured(wanted, settings(wanted.data))


def settings(data: Path | None) -> list[Setting]:
    """Read the suite's worlds."""
    assert data is not None, "the suite names a source, so it is run with data"
    return read_settings(data)


SUITE = Suite(
    name="agentdojo",
    words="Let an agent that obeys every injected instruction do AgentDojo's tasks: what gets through, what asks.",
    source="github.com/ethz-spylab/agentdojo (its suites as a JSON file each: tools, tasks, attacks, environment)",
    run=run,
    settings=settings,
    figures=NAMES,
)
