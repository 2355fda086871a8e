"""Tell whoever watches what a model is saying, before its reply is recorded.

It is provisional: the attempt may still fail, and only the recorded fact counts. So it may be lost at any moment. What
is hidden in the log is hidden here too, before it leaves this process.
"""

import time
from uuid import UUID

from commands.ports import Live, Said, Telling, unheard
from commands.shell import Shell
from domain.errors import RepriseError
from domain.redaction.arguments import Arguments
from domain.redaction.flowing import Flow
from domain.session.state import ModelCall, Session

PAUSE_SECONDS = 0.05
MOST_TOLD = 64 * 1024
"""How many characters of a reply are told at most: who wants to read more waits for its event."""


async def telling(shell: Shell, state: Session, model: ModelCall) -> Telling:
    """Return what hears the reply to a question while it comes.

    Where content filters look at replies, nobody is told: they have not seen it yet. Nor where nobody can know now what
    must be hidden.
    """
    if shell.live is None or shell.filters:
        return unheard
    try:
        flow = await shell.redactor.flow(state)
    except RepriseError:
        return unheard
    return Parts(shell.live, UUID(state.id), model, flow)


class Parts:
    """Tell a reply in parts, so that a quick model does not flood its watchers; ``flow`` hides what may not be told."""

    def __init__(self, live: Live, session: UUID, model: ModelCall, flow: Flow | None) -> None:
        self._live, self._session, self._model = live, session, model
        self._flow, self._arguments = flow, Arguments()
        self._waiting, self._part, self._told_at, self._room = "", 0, 0.0, MOST_TOLD

    async def __call__(self, said: str) -> None:
        """Hear what comes next."""
        self._waiting += said[: self._room]
        self._room -= len(said[: self._room])
        now = time.monotonic()
        if not self._waiting or now - self._told_at < PAUSE_SECONDS:
            return
        self._told_at, waiting, self._waiting = now, self._waiting, ""
        text = self._flow.take(self._arguments.take(waiting)) if self._flow else waiting
        if text:
            self._part += 1
            part = Said(call=self._model.id, attempt=self._model.attempt, part=self._part, text=text)
            await self._live.tell(self._session, part)
