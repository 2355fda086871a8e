"""Remember what a session came to, in the very append in which it completes: only where its goal asked for that."""

import logging
from collections.abc import Sequence

from commands.memory.writing import memory_stream, without_meaning, written_down
from commands.ports import LogEvent
from commands.shell import Shell, to_log
from domain.envelope import Actor, Context, Event, fact_event
from domain.errors import RepriseError
from domain.ids import derive
from domain.labels import UNKNOWN
from domain.memory.events import MemoryAdded, MemoryEvent
from domain.session.events import SessionCompleted, SessionEvent
from domain.session.state import Session

MOST_GOAL, MOST_ANSWER = 1_000, 4_000

logger = logging.getLogger(__name__)


async def kept_of(shell: Shell, state: Session | None, events: Sequence[Event[SessionEvent]]) -> Sequence[LogEvent]:
    """Return what is to be appended beside a session's events: nothing, or its summary where they complete it."""
    if state is None or state.memory is None or not state.memory.keeps:
        return ()
    completed = next((event for event in events if isinstance(event.data, SessionCompleted)), None)
    if completed is None or not isinstance(completed.data, SessionCompleted):
        return ()
    added = summary_of(state, completed.data)
    context = Context(
        command_id=derive(state.tenant, state.id, "remembered"),
        actor=Actor(kind="service", id=shell.worker, on_behalf_of=state.user),
        at=completed.at,
        correlation=state.id,
        tenant=state.tenant,
        causation=completed.id,
    )
    memory = [fact_event(each, context, index) for index, each in enumerate(await _written(shell, state, added))]
    return to_log(memory_stream(state.tenant, added.id), 0, memory)


def summary_of(state: Session, completed: SessionCompleted) -> MemoryAdded:
    """Say what is to be remembered of a session: what it was to do, and what came of it."""
    return MemoryAdded(
        id=derive(state.tenant, state.id, "memory"),
        kind="summary",
        text=f"{state.goal[:MOST_GOAL]}\n{(completed.summary or completed.answer)[:MOST_ANSWER]}",
        label=completed.label or UNKNOWN,
        user=state.user,
        session=state.id,
    )


async def _written(shell: Shell, state: Session, added: MemoryAdded) -> Sequence[MemoryEvent]:
    """Return the summary with what it means; where nobody can say that now, `reprise memory embed` does later."""
    try:
        return await written_down(shell, state.tenant, added)
    except RepriseError as fault:
        logger.warning("the summary of session %s is remembered without its meaning: %s", state.id, fault)
        return (without_meaning(shell, added),)
