"""Hold what the catalogue knows, and the snapshot of it that a session pins."""

import msgspec

from domain.catalog.events import Agent, Tool


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold the current revision of one registered API."""

    api: str
    document: str
    base_url: str
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    tools: tuple[Tool, ...] = ()


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the current revision of every registered API and agent of a tenant, by name."""

    documents: dict[str, Document] = {}
    agents: dict[str, Agent] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold everything of the catalogue that one session may use; stored once, as a blob under its digest."""

    agents: tuple[Agent, ...]
    documents: tuple[Document, ...]

    def agent(self, agent_id: str) -> Agent | None:
        """Find an agent by its id."""
        return next((agent for agent in self.agents if agent.id == agent_id), None)

    def tool(self, name: str) -> Tool | None:
        """Find a tool by its name."""
        return next((tool for document in self.documents for tool in document.tools if tool.name == name), None)

    def document(self, api: str) -> Document | None:
        """Find a document by its API's name."""
        return next((document for document in self.documents if document.api == api), None)


def may_use(agent: Agent, tool: Tool) -> bool:
    """Tell whether a tool is on an agent's list."""
    return any(pattern in ("*", tool.name, f"{tool.api}/*") for pattern in agent.tools)
