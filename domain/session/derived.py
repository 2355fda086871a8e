"""Derive again what in a recorded fact follows from the record: its id, and the digest of the prompt it answers.

A fact that was altered there may still lead to the same consequences: only this reveals it.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from domain.catalog.state import Snapshot
from domain.envelope import Event
from domain.ids import derive
from domain.session.events import (
    MemoriesRecalled,
    ModelCallAttempted,
    ModelCallRequested,
    ModelReplied,
    ModelRetryScheduled,
    SessionEvent,
    ToolsFound,
)
from domain.session.planning import pending_model_call
from domain.session.prompt import Prompt, prompt
from domain.session.react import Group
from domain.session.recalling import recalls
from domain.session.searching import searched_for
from domain.session.state import ModelCall, Session
from domain.upcasting import topic_of

ASKING = (ModelCallRequested, ModelRetryScheduled, ToolsFound, MemoriesRecalled, ModelCallAttempted)
"""Events behind which a question may be due."""


class Derived:
    """Follow one session's facts; ``unchecked`` counts replies to questions whose catalogue was not there.

    ``catalogs`` are the snapshots that the session pinned, first and later, by digest.
    """

    def __init__(self, catalogs: Mapping[str, Snapshot]) -> None:
        self.unchecked = 0
        self._catalogs = catalogs
        self._command, self._index = "", 0
        self._commands: set[str] = set()
        self._asked: dict[tuple[str, int], str] = {}
        self._state: Session | None = None

    def fact(self, recorded: Event[SessionEvent]) -> Event[SessionEvent] | None:
        """Return a recorded fact as it must have been written; None where its append stands in the record already."""
        self._index += 1
        if recorded.command_id:
            if recorded.command_id in self._commands:
                return None
            self._commands.add(recorded.command_id)
            self._command, self._index = recorded.command_id, 0
        data = recorded.data
        if isinstance(data, ModelReplied):
            data = replace(data, prompt_digest=self._prompt_digest(data))
        return replace(recorded, kind="fact", id=derive(self._command, self._index), data=data)

    def _prompt_digest(self, reply: ModelReplied) -> str:
        self.unchecked += self._lacks_catalog(reply)
        return self._asked.get((reply.call, reply.attempt)) or self._not_asked(reply)

    def _not_asked(self, reply: ModelReplied) -> str:
        """Say what is missing before a question that was answered all the same.

        A reply to what nobody asked leads to nothing, and has no prompt to be held against.
        """
        model, _ = pending_model_call(self._state, reply.call) if self._state else (None, None)
        if self._state is None or model is None or model.attempt != reply.attempt or self._lacks_catalog(reply):
            return reply.prompt_digest
        return _missing(self._state, model) or reply.prompt_digest

    def _lacks_catalog(self, reply: ModelReplied) -> bool:
        if self._state is None:
            return not self._catalogs
        model, _ = pending_model_call(self._state, reply.call)
        return (self._state.catalog_of(model) if model else self._state.catalog) not in self._catalogs

    def note(self, group: Group, state: Session | None) -> None:
        """Build the prompts of what a group asks; nothing that happens until the reply comes changes them."""
        self._state = state
        for event in group:
            if question := asked(event.data, state, self._catalogs):
                model, built = question
                self._asked[model.id, model.attempt] = built.digest()


def asked(
    data: SessionEvent, state: Session | None, catalogs: Mapping[str, Snapshot]
) -> tuple[ModelCall, Prompt] | None:
    """Return the question that an event makes due, or settles, and its prompt, from the state behind its group."""
    if not isinstance(data, ASKING) or state is None:
        return None
    model, _ = pending_model_call(state, data.call)
    catalog = catalogs.get(state.catalog_of(model)) if model else None
    if model is None or catalog is None or _missing(state, model):
        return None
    if isinstance(data, ModelCallAttempted) and not model.strategy and model.plan is None:
        return None  # the claim changed nothing of what was due
    return model, prompt(state, model, catalog)


def _missing(state: Session, model: ModelCall) -> str:
    """Say which fact must come before a question is asked; nothing where none is missing."""
    if searched_for(state, model):
        return f"{topic_of(ToolsFound)} is missing: no tools were looked for before the question {model.id}"
    if recalls(state, model):
        return f"{topic_of(MemoriesRecalled)} is missing: no memories were recalled before the question {model.id}"
    return ""
