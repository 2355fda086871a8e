"""Recall memories for a question of a session: what was recalled is a fact, and so is why nothing could be."""

import asyncio
import logging

from commands.memory.embedding import place_of
from commands.memory.memories import Memories, Recalled
from commands.ports import Confines
from commands.shell import Shell
from domain.encoding import digest_bytes
from domain.errors import RepriseError
from domain.labels import Label
from domain.memory.recalling import EXCERPT, MemoryUse, RecalledMemory, fit_for_plans
from domain.session.effects import RecallMemories
from domain.session.events import MemoriesRecalled
from domain.session.state import Session

PATIENCE_SECONDS = 5.0

logger = logging.getLogger(__name__)


async def recalled(shell: Shell, state: Session, effect: RecallMemories) -> MemoriesRecalled:
    """Recall what a session's user may know; a question waits for memories a few seconds, and is then asked without."""
    use = state.memory or MemoryUse()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await _recalled(shell, state, use, effect)
            space, _ = place_of((await shell.memory.embed(state.tenant, [effect.text]))[0])
    except TimeoutError:
        return _nothing(effect, f"memories were not there within {PATIENCE_SECONDS:.0f} s")
    except RepriseError as fault:
        return _nothing(effect, str(fault))
    except Exception as fault:
        # What an adapter did not foresee must not undo the fact that made the recall due.
        logger.exception("memories could not be recalled for %s", effect.call)
        return _nothing(effect, f"memories could not be recalled: {type(fault).__name__}")
    return MemoriesRecalled(call=effect.call, text=effect.text, space=space, memories=found)


async def _recalled(shell: Shell, state: Session, use: MemoryUse, effect: RecallMemories) -> tuple[RecalledMemory, ...]:
    confines = Confines(
        tenant=state.tenant,
        user=state.user,
        kinds=use.kinds,
        subject=use.subject,
        trusted=True if use.trusted or effect.planning else None,
        private=False if effect.planning else None,
        own=use.own,
        by_people=effect.planning,
    )
    found = await shell.memory.recall(confines, effect.text, shell.clock.now(), Memories.CANDIDATES)
    shown = [_shown(each) for each in found]
    return tuple(each for each in shown if not effect.planning or fit_for_plans(each.label))[: use.recall]


def _shown(recalled: Recalled) -> RecalledMemory:
    memory = recalled.memory
    text = memory.text if len(memory.text) <= EXCERPT else f"{memory.text[:EXCERPT]}…"
    return RecalledMemory(
        id=memory.id,
        kind=memory.kind,
        score=recalled.score.score,
        digest=digest_bytes(memory.text.encode()),
        text=text,
        label=Label(sources=tuple(memory.sources), trusted=memory.trusted, private=memory.private),
        subject=memory.subject,
    )


def _nothing(effect: RecallMemories, problem: str) -> MemoriesRecalled:
    return MemoriesRecalled(call=effect.call, text=effect.text, problem=problem)
