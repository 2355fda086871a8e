"""Name all read models."""

from projections import (
    action,
    agent,
    approvals,
    costs,
    dead_letters,
    memory,
    open_work,
    session,
    task,
    timeline,
    tool,
    verdicts,
    violations,
)
from projections.rows import ReadModel

READ_MODELS: dict[str, ReadModel] = {
    module.MODEL.name: module.MODEL
    for module in (
        session,
        task,
        action,
        agent,
        tool,
        timeline,
        approvals,
        open_work,
        verdicts,
        violations,
        costs,
        dead_letters,
        memory,
    )
}
