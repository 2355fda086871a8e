"""Derive again what in a recorded fact follows from the record: its id, and the digest of the prompt it answers.

A fact that was altered there may still lead to the same consequences: only this reveals it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from domain.catalog.state import Snapshot
from domain.envelope import Event
from domain.ids import derive
from domain.session.events import (
    CatalogMigrated,
    ModelCallRequested,
    ModelReplied,
    ModelRetryScheduled,
    SessionEvent,
    ToolsFound,
)
from domain.session.planning import pending_model_call
from domain.session.prompt import prompt
from domain.session.react import Group
from domain.session.searching import searched_for
from domain.session.state import Session

NO_OTHERS: Mapping[str, Snapshot] = MappingProxyType({})


class Derived:
    """Follow one session's facts; ``unchecked`` counts replies that came while no catalogue was there to ask from.

    ``later`` are the snapshots that the session migrated to, by digest.
    """

    def __init__(self, catalog: Snapshot | None, later: Mapping[str, Snapshot] = NO_OTHERS) -> None:
        self.unchecked = 0
        self._catalog = catalog
        self._later = later
        self._command, self._index = "", 0
        self._commands: set[str] = set()
        self._asked: dict[tuple[str, int], str] = {}

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
        self.unchecked += self._catalog is None
        # A reply to what nobody asked leads to nothing, and has no prompt to be held against.
        return self._asked.get((reply.call, reply.attempt), reply.prompt_digest)

    def note(self, group: Group, state: Session | None) -> None:
        """Build the prompts of what a group asks; nothing that happens until the reply comes changes them."""
        for event in group:
            if isinstance(event.data, CatalogMigrated):
                self._catalog = self._later.get(event.data.catalog)
            if (
                isinstance(event.data, ModelCallRequested | ModelRetryScheduled | ToolsFound)
                and state
                and self._catalog
            ):
                model, _ = pending_model_call(state, event.data.call)
                if model and not searched_for(state, model):
                    self._asked[model.id, model.attempt] = prompt(state, model, self._catalog).digest()
