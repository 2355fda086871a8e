"""Apply catalogue events to what is known of an agent or a document."""

from msgspec.structs import replace

from domain.catalog import revisions
from domain.catalog.events import (
    AgentPatched,
    AgentRegistered,
    CatalogEvent,
    DocumentRegistered,
    NamesSettled,
    PolicySetActivated,
    PolicySetRegistered,
    QuarantineLifted,
    RevisionActivated,
    RevisionQuarantined,
    RevisionStaged,
    SchemeBound,
    SchemeUnbound,
    ToolOverridden,
    ToolsAdded,
)
from domain.catalog.state import Catalog, Document, Policies


def evolve(state: Catalog, event: CatalogEvent) -> Catalog:
    """Return the catalogue after an event; tools without their document are ignored."""
    match event:
        case DocumentRegistered():
            state = replace(state, revisions=revisions.after(state.revisions, event))
            return _with_document(state, _registered(state.documents.get(event.api), event))
        case RevisionStaged() | RevisionQuarantined() | QuarantineLifted():
            return replace(state, revisions=revisions.after(state.revisions, event))
        case RevisionActivated():
            return state  # its registration follows
        case ToolsAdded():
            return _with_tools(state, event)
        case ToolOverridden():
            known = state.documents.get(event.api)
            if known is None:
                return state
            return _with_document(state, replace(known, overrides={**known.overrides, event.operation: event.override}))
        case NamesSettled():
            return state
        case PolicySetRegistered():
            return replace(state, policies=_with_revision(state.policies, event))
        case PolicySetActivated():
            return replace(state, policies=replace(state.policies, name=event.name, digest=event.digest))
        case AgentRegistered() | AgentPatched():
            return replace(state, agents={**state.agents, event.agent.id: event.agent})
        case SchemeBound() | SchemeUnbound():
            return state  # no part of what sessions pin: a binding holds from the moment it is made, or withdrawn


def _with_document(state: Catalog, document: Document) -> Catalog:
    return replace(state, documents={**state.documents, document.api: document})


def _registered(earlier: Document | None, event: DocumentRegistered) -> Document:
    """Return a new revision, about whose operations the operator's word still holds."""
    return Document(
        api=event.api,
        document=event.document,
        base_url=event.base_url,
        scopes=event.scopes,
        rate_limit=event.rate_limit,
        allow_private=event.allow_private,
        overrides=earlier.overrides if earlier else {},
    )


def _with_tools(state: Catalog, event: ToolsAdded) -> Catalog:
    known = state.documents.get(event.api)
    if known is None or known.document != event.document:
        return state
    names = {**state.names.get(event.api, {}), **{tool.operation: tool.name for tool in event.tools}}
    state = replace(state, names={**state.names, event.api: names})
    return _with_document(state, replace(known, tools=(*known.tools, *event.tools)))


def _with_revision(policies: Policies, event: PolicySetRegistered) -> Policies:
    earlier = tuple(each for each in policies.revisions.get(event.name, ()) if each != event.digest)
    return replace(policies, revisions={**policies.revisions, event.name: (*earlier, event.digest)})
