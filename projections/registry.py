"""Name all read models."""

from projections import action, agent, approvals, open_work, session, task, timeline, tool
from projections.rows import ReadModel

READ_MODELS: dict[str, ReadModel] = {
    module.MODEL.name: module.MODEL for module in (session, task, action, agent, tool, timeline, approvals, open_work)
}
