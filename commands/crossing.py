"""Take what came from outside across into the log: personal values hidden, filters heard, large texts kept as blobs.

Every fact passes here, last before anything is decided from it: what is decided knows only what the fact says. An
answer is reviewed here too, as it will be recorded.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from commands.filtering import labelled, opinions
from commands.marking import marks_of
from commands.plan_checks import checked_plan
from commands.reviewing import answer_checked
from commands.shell import Shell
from domain.content import INLINE_BYTES, REPLY_BYTES, Content, content
from domain.session.events import CallSucceeded, GoalSubmitted, ModelReplied, SessionFact
from domain.session.state import Session


async def cross(shell: Shell, state: Session | None, fact: SessionFact) -> Sequence[SessionFact]:
    """Return a fact as it may be recorded, with what filters and checks say of it, in order; raises Unavailable."""
    hidden = await shell.redactor.hide(state, fact, await marks_of(shell, state, fact))
    said = await opinions(shell, state, hidden)
    crossed = await _without_bulk(shell, state, labelled(hidden, said))
    if isinstance(fact, GoalSubmitted):
        return (crossed, *said)
    return (*said, *await checked_plan(shell, state, hidden), *await answer_checked(shell, state, crossed), crossed)


async def _without_bulk(shell: Shell, state: Session | None, fact: SessionFact) -> SessionFact:
    match fact:
        case ModelReplied(reply=reply) if state:
            return replace(fact, reply=await _kept(shell, state.tenant, reply, REPLY_BYTES))
        case CallSucceeded(output=output) if state:
            return replace(fact, output=await _kept(shell, state.tenant, output, INLINE_BYTES))
        case _:
            return fact


async def _kept(shell: Shell, tenant: str, whole: Content, inline: int) -> Content:
    """Keep a large text as a blob; of one that was kept before only its beginning is here."""
    if not whole.whole or whole.size <= inline:
        return whole
    data = whole.text.encode()
    await shell.store.put_blobs(tenant, [data])
    return content(data, inline)
