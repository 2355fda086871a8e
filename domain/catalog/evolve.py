"""Apply catalogue events to what is known of an agent or a document."""

from msgspec.structs import replace

from domain.budget.events import (
    AccountLimited,
    AllotmentAwaited,
    AllotmentGiven,
    AllotmentSettled,
    PriceListActivated,
    PriceListRegistered,
)
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
from domain.catalog.state import Catalog, Document
from domain.evaluation.events import RunGraded
from domain.memory.events import MemoryAdded, MemoryEmbedded, MemoryForgotten
from domain.standing_approvals import StandingGiven, StandingUsed, StandingWithdrawn


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
            document = state.documents.get(event.api)
            if document is None:
                return state
            said = {**document.overrides, event.operation: event.override}
            return _with_document(state, replace(document, overrides=said))
        case NamesSettled():
            return state
        case PolicySetRegistered():
            known = _newest_last(state.policies.revisions, event.name, event.digest)
            return replace(state, policies=replace(state.policies, revisions=known))
        case PolicySetActivated():
            return replace(state, policies=replace(state.policies, name=event.name, digest=event.digest))
        case PriceListRegistered(name=name, digest=digest):
            known = _newest_last(state.prices.revisions, name, digest)
            return replace(state, prices=replace(state.prices, revisions=known))
        case PriceListActivated(name=name, digest=digest, currency=currency):
            return replace(state, prices=replace(state.prices, name=name, digest=digest, currency=currency))
        case AccountLimited():
            return replace(state, accounts={**state.accounts, event.account: event})
        case StandingGiven() | StandingWithdrawn() | StandingUsed():
            return state  # known apart from the catalogue, which changes less often
        case AllotmentGiven() | AllotmentSettled() | AllotmentAwaited():
            return state  # what an account pays is its own affair
        case RunGraded():
            return state  # what was measured changes nothing
        case MemoryAdded() | MemoryEmbedded() | MemoryForgotten():
            return state  # what is remembered is no part of what sessions pin
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
        origins=event.origins,
        overrides=earlier.overrides if earlier else {},
    )


def _with_tools(state: Catalog, event: ToolsAdded) -> Catalog:
    known = state.documents.get(event.api)
    if known is None or known.document != event.document:
        return state
    names = {**state.names.get(event.api, {}), **{tool.operation: tool.name for tool in event.tools}}
    state = replace(state, names={**state.names, event.api: names})
    return _with_document(state, replace(known, tools=(*known.tools, *event.tools)))


def _newest_last(revisions: dict[str, tuple[str, ...]], name: str, digest: str) -> dict[str, tuple[str, ...]]:
    earlier = tuple(each for each in revisions.get(name, ()) if each != digest)
    return {**revisions, name: (*earlier, digest)}
