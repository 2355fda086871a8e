"""Hold what the catalogue knows, and the snapshot of it that a session pins."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from domain.budget.events import AccountLimited
from domain.catalog.events import Agent, Override, Tool
from domain.catalog.revisions import Revisions


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """Hold the current revision of one registered API, with what an operator says of its operations, by METHOD path.

    A snapshot is stored without its documents' tools: ``toolset`` is then the digest of the blob that holds them, as
    the document says them.
    """

    api: str
    document: str
    base_url: str
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    origins: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    toolset: str = ""
    overrides: dict[str, Override] = {}

    def tool(self, name: str) -> Tool | None:
        """Find a tool by its name."""
        return self._by_name.get(name)

    def operation(self, operation: str) -> Tool | None:
        """Find a tool by its METHOD path."""
        return self._by_operation.get(operation)

    @cached_property
    def _by_name(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def _by_operation(self) -> dict[str, Tool]:
        return {tool.operation: tool for tool in self.tools}


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is known of policy sets: every revision's digest by name, and the one in force, "" for the default."""

    revisions: dict[str, tuple[str, ...]] = {}
    name: str = ""
    digest: str = ""


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is known of price lists: every revision's digest by name, and the one in force, "" for none."""

    revisions: dict[str, tuple[str, ...]] = {}
    name: str = ""
    digest: str = ""
    currency: str = ""


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the current revision of every registered API and agent of a tenant, by name.

    ``names`` are those of the operations of each API's every revision: a name once given is never given again.
    ``revisions`` are all that were ever registered or staged, those in force among them. ``accounts`` have the limits
    that were set last.
    """

    documents: dict[str, Document] = {}
    agents: dict[str, Agent] = {}
    names: dict[str, dict[str, str]] = {}
    revisions: Revisions = {}
    policies: Policies = Policies()
    prices: Prices = Prices()
    accounts: dict[str, AccountLimited] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """Hold everything of the catalogue that one session may use; stored once, as a blob under its digest."""

    agents: tuple[Agent, ...]
    documents: tuple[Document, ...]

    def agent(self, agent_id: str) -> Agent | None:
        """Find an agent by its id."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)

    def tool(self, name: str) -> Tool | None:
        """Find a tool by its name."""
        found = (document.tool(name) for document in self.documents)
        return next((tool for tool in found if tool), None)

    def document(self, api: str) -> Document | None:
        """Find a document by its API's name."""
        return next((document for document in self.documents if document.api == api), None)

    def usable(self, agent: Agent) -> tuple[Tool, ...]:
        """Return the tools that an agent may use, in the order of the documents; walked through once an agent."""
        known = self._usable.get(agent.id)
        if known is None or known[0] is not agent:
            known = self._usable[agent.id] = (agent, tuple(self._find_usable(agent)))
        return known[1]

    def may_use(self, agent: Agent, tool: Tool) -> bool:
        """Tell whether an agent may use a tool of this snapshot."""
        document = self.document(tool.api)
        return document is not None and may_use(agent, tool, document.scopes)

    @cached_property
    def _usable(self) -> dict[str, tuple[Agent, tuple[Tool, ...]]]:
        return {}

    def _find_usable(self, agent: Agent) -> Iterator[Tool]:
        for document in self.documents if agent.tools else ():
            yield from (tool for tool in document.tools if may_use(agent, tool, document.scopes))


def may_use(agent: Agent, tool: Tool, scopes: Sequence[str]) -> bool:
    """Tell whether an agent may use a tool of an API with these scopes; this alone decides it, everywhere.

    Its patterns must name the tool, its effects admit what the tool does, and its scopes hold all that the tool needs.
    """
    named = any(pattern in ("*", tool.name, f"{tool.api}/*") for pattern in agent.tools)
    admitted = not agent.effects or tool.effect_class in agent.effects
    return named and admitted and (not agent.scopes or {*scopes, *tool.scopes}.issubset(agent.scopes))
