"""Find the calls of open sessions that are chosen, asked about or owed, and what a new revision means for them."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from commands.drift.comparing import Comparison
from commands.drift.ports import Past
from commands.drift.report import Waiting
from commands.drift.revisions import Revisions
from commands.shell import Loaded, Shell
from domain.catalog.state import Document
from domain.session.state import Asking, Calling, Checking, Judging, Session, Step

PAGE = 200


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """Be an open session that uses another revision of an API, and what it uses."""

    session: UUID
    loaded: Loaded
    state: Session
    document: Document


async def open_sessions(shell: Shell, past: Past, tenant: str, api: str, new: str) -> AsyncIterator[Open]:
    """Yield the open sessions that use another revision of an API than a new one."""
    after: UUID | None = None
    while page := await past.open_sessions(tenant, after=after, limit=PAGE):
        for session in page:
            found = await opened(shell, session, tenant, api)
            if found and found.document.document != new:
                yield found
        after = page[-1]


async def opened(shell: Shell, session: UUID, tenant: str, api: str) -> Open | None:
    """Return an open session that uses an API; None where it has ended by now, or does not use it."""
    loaded = await shell.load(session)
    state = loaded.state
    if state is None or state.ended or state.tenant != tenant:
        return None
    document = (await shell.snapshot(tenant, state.catalog)).document(api)
    return Open(session=session, loaded=loaded, state=state, document=document) if document else None


async def affected(found: Open, comparison: Comparison, revisions: Revisions) -> list[Waiting]:
    """Return the calls of an open session that a new revision changes."""
    waiting = [await _waiting(found, step, comparison, revisions) for step in found.state.open_steps]
    return [each for each in waiting if each]


def asked_about(found: Open) -> int:
    """Count the calls of an API about which a human is asked before they are sent."""
    stages = (step.stage for step in found.state.open_steps)
    return sum(isinstance(stage, Asking) and _is_of(found, stage.choice.tool) for stage in stages)


def _is_of(found: Open, tool: str) -> bool:
    return found.document.tool(tool) is not None


async def _waiting(found: Open, step: Step, comparison: Comparison, revisions: Revisions) -> Waiting | None:
    stage = step.stage
    if not isinstance(stage, Checking | Judging | Asking | Calling):
        return None
    tool = found.document.tool(stage.choice.tool)
    if tool is None:
        return None
    before = await revisions.side(found.document.document)
    reasons = await comparison.reasons(before, tool.name, tool.operation, stage.choice.arguments.value)
    if not reasons:
        return None
    return Waiting(
        session=found.session,
        version=found.loaded.version,
        step=step.number,
        call=stage.choice.call,
        tool=tool.name,
        operation=tool.operation,
        stage=str(stage.__struct_config__.tag),
        fails=any(reason.fails for reason in reasons),
        reasons=reasons,
    )
