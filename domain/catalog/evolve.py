"""Apply catalogue events to what is known of an agent or a document."""

from msgspec.structs import replace

from domain.catalog.events import AgentPatched, AgentRegistered, CatalogEvent, DocumentRegistered, ToolsAdded
from domain.catalog.state import Catalog, Document


def evolve(state: Catalog, event: CatalogEvent) -> Catalog:
    """Return the catalogue after an event; tools without their document are ignored."""
    match event:
        case DocumentRegistered():
            document = Document(
                api=event.api,
                document=event.document,
                base_url=event.base_url,
                scopes=event.scopes,
                rate_limit=event.rate_limit,
                allow_private=event.allow_private,
            )
            return replace(state, documents={**state.documents, event.api: document})
        case ToolsAdded():
            known = state.documents.get(event.api)
            if known is None or known.document != event.document:
                return state
            document = replace(known, tools=(*known.tools, *event.tools))
            return replace(state, documents={**state.documents, event.api: document})
        case AgentRegistered() | AgentPatched():
            return replace(state, agents={**state.agents, event.agent.id: event.agent})
