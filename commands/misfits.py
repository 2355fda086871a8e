"""Look up all that a tool's document wants where arguments do not fit, for the toolsmith who is to mend them."""

import logging
from collections.abc import Sequence
from itertools import islice

from commands.shell import Shell
from domain.catalog.events import Tool
from domain.catalog.state import Snapshot
from domain.errors import Refused, Unavailable
from domain.session.events import Described
from domain.session.state import Session

MOST_PLACES = 3
MOST_CHARACTERS = 4_000
DEPTHS = (8, 6, 4, 3, 2, 1)

logger = logging.getLogger(__name__)


async def wanted(
    shell: Shell, state: Session, catalog: Snapshot, name: str, problems: Sequence[str]
) -> tuple[Described, ...]:
    """Return what is wanted at the places of problems, as deep as it fits; nothing where no toolsmith would see it."""
    tool = catalog.tool(name) if problems and state.agent_in_role("toolsmith") else None
    if tool is None:
        return ()
    places = dict.fromkeys(each.partition(": ")[0] for each in problems if each.startswith("/"))
    found = [await _described(shell, state, tool, at) for at in islice(places, MOST_PLACES)]
    return tuple({each.at: each for each in found if each}.values())


async def _described(shell: Shell, state: Session, tool: Tool, at: str) -> Described | None:
    """Describe what stands at a pointer, or what is around it where nothing is there; what goes wrong tells nothing."""
    try:
        return await _fitting(shell, state, tool, at.rstrip("/"))
    except Unavailable:
        raise
    except Refused:
        around = at.rstrip("/").rpartition("/")[0]
        return await _described(shell, state, tool, around) if around else None
    except Exception as fault:
        logger.error("what %s wants could not be described: %s", tool.name, type(fault).__name__)
        return None


async def _fitting(shell: Shell, state: Session, tool: Tool, at: str) -> Described:
    text = ""
    for depth in DEPTHS:
        told = await shell.tools.describe(state.tenant, tool, at=at, depth=depth)
        text = bytes(told.parameters).decode()
        if len(text) <= MOST_CHARACTERS:
            break
    return Described(at=at, schema=text[:MOST_CHARACTERS])
