"""Tell an agent that asks more of a tool: what its document says, as far as the agent may use it."""

import logging

from commands.shell import Shell
from domain.catalog.state import Snapshot
from domain.errors import Refused, Unavailable
from domain.session.effects import DescribeTool
from domain.session.state import Session

DEPTH = 4
MOST_SAID = 1_000

logger = logging.getLogger(__name__)


async def described(shell: Shell, catalog: Snapshot, state: Session, effect: DescribeTool) -> str:
    """Return what an agent is told, which is as short as what it was shown before; faults come in words."""
    agent, tool = catalog.agent(state.steps[effect.step - 1].plan.agent), catalog.tool(effect.tool)
    if agent is None or tool is None or not catalog.may_use(agent, tool):
        return f"You have no tool named {effect.tool!r}."
    try:
        told = await shell.tools.describe(state.tenant, tool, at=effect.at, depth=DEPTH)
    except Refused as fault:
        return str(fault)
    except Unavailable:
        raise
    except Exception as fault:
        logger.exception("%s could not be described", effect.tool)
        return f"It could not be described: {type(fault).__name__}."
    return f"{told.text[:MOST_SAID]}\n{bytes(told.parameters).decode()}"
