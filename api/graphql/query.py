"""Say what can be asked."""

from typing import Annotated, Any, TypeAlias, get_args
from uuid import UUID

import strawberry
from strawberry import field

from api.graphql.agents import AgentRevision, agent_revisions
from api.graphql.approvals import Approval, StandingApproval, standing_approvals
from api.graphql.bindings import Binding, bindings
from api.graphql.budgets import Budget, PriceList, budgets, prices
from api.graphql.calls import Rehearsal, ToolDescription, dry_run_of, tool
from api.graphql.catalogue import Agent, Projection, Tool
from api.graphql.context import Info
from api.graphql.dead_letters import DeadLetter
from api.graphql.fresh import find_current
from api.graphql.memory import Memory, MemoryOverview, memory, memory_overview
from api.graphql.pages import After, Connection, First, bounded, keyed, page
from api.graphql.registering import DocumentReport, check_document
from api.graphql.revisions import Drift, Revision, drift, revisions
from api.graphql.sessions import Session, SessionStatus
from api.positions import Text, Time, keys_of
from api.rest.approvals import Status as ApprovalStatus
from api.rest.tools import Rank, tools_known
from domain.errors import Invalid
from domain.session.events import EffectClass
from queries.approvals import ApprovalShown, list_approvals
from queries.catalogue import ToolListed, list_agents, list_tools
from queries.dead_letters import DeadLetterShown, LetterStatus, list_letters, show_letter
from queries.projections import list_projections
from queries.sessions import SessionShown, list_sessions

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
Status: TypeAlias = Annotated[str, strawberry.argument(description="Only those of this status, or `all`.")]


Search: TypeAlias = Annotated[
    str | None, strawberry.argument(description="What is looked for, in words: the best first.")
]

MOST_SEARCHED = 1_000


@strawberry.input(description="Which sessions; what is left out does not matter.")
class SessionFilter:
    status: SessionStatus | None = field(default=None, description="Those of this status.")
    user_id: str | None = field(default=None, description="Those of this user.")
    text: str | None = field(default=None, description="Those whose goal holds this text, in upper or lower case.")


EFFECTS = get_args(EffectClass)
Filter: TypeAlias = Annotated[SessionFilter | None, strawberry.argument(description="Which ones; all without it.")]


@strawberry.input(description="Which tools; what is left out does not matter.")
class ToolFilter:
    api: str | None = field(default=None, description="Those of this API.")
    effect: str | None = field(default=None, description=f"Those of this effect class: {', '.join(EFFECTS)}.")
    enabled: bool | None = field(default=None, description="Those that agents may use, or only the others.")


ToolsWanted: TypeAlias = Annotated[ToolFilter | None, strawberry.argument(description="Which ones; all without it.")]


async def sessions(info: Info, filter: Filter = None, first: First = 50, after: After = None) -> Connection[Any]:
    """List sessions; raise Invalid, WrongLog."""
    context, wanted, asked = info.context, bounded(first), filter or SessionFilter()
    found = await list_sessions(
        context.services.reads,
        context.tenant,
        status=asked.status.value if asked.status else "",
        user=asked.user_id or "",
        text=asked.text or "",
        before=keys_of(after, context.log_id, tuple[Time, UUID]) if after is not None else None,
        limit=wanted + 1,
    )
    return page(found, wanted, keyed(context.log_id, _began, _id))


def _began(session: SessionShown) -> str:
    return session.created_at.isoformat()


def _id(session: SessionShown) -> str:
    return str(session.id)


async def session(info: Info, id: Id) -> Any:
    """Return one session as it is now; raise NotFound, Unavailable."""
    return await find_current(info.context, id)


async def approvals(info: Info, status: Status = "open", first: First = 50, after: After = None) -> Connection[Any]:
    """List approvals; raise Invalid, WrongLog."""
    context, wanted = info.context, bounded(first)
    found = await list_approvals(
        context.services.reads,
        context.tenant,
        status=_one_of(get_args(ApprovalStatus), status),
        after=keys_of(after, context.log_id, tuple[Time, Text]) if after is not None else None,
        limit=wanted + 1,
    )
    return page(found, wanted, keyed(context.log_id, _requested, lambda approval: approval.id))


def _one_of(known: tuple[str, ...], word: str, what: str = "a status") -> str:
    """Return a word as queries take it, empty for all; raise Invalid."""
    if word not in known:
        raise Invalid(f"Expected {what} out of {', '.join(known)}, but got {word[:100]!r}.")
    return "" if word == "all" else word


def _requested(approval: ApprovalShown) -> str:
    return approval.requested_at.isoformat()


async def dead_letters(info: Info, status: Status = "open", first: First = 50, after: After = None) -> Connection[Any]:
    """List dead letters; raise Invalid, WrongLog."""
    context, wanted = info.context, bounded(first)
    found = await list_letters(
        context.services.reads,
        context.tenant,
        status=_one_of((*get_args(LetterStatus), "all"), status),
        after=keys_of(after, context.log_id, tuple[Time, Text]) if after is not None else None,
        limit=wanted + 1,
    )
    return page(found, wanted, keyed(context.log_id, _given_up, lambda letter: letter.id))


def _given_up(letter: DeadLetterShown) -> str:
    return letter.dead_lettered_at.isoformat()


async def dead_letter(info: Info, id: Id) -> Any:
    """Return one dead letter; raise NotFound."""
    return await show_letter(info.context.services.reads, info.context.tenant, id)


async def tools(
    info: Info, filter: ToolsWanted = None, search: Search = None, first: First = 50, after: After = None
) -> Connection[Any]:
    """List tools by name, or those that fit a text, the best first; raise Invalid, WrongLog."""
    context, wanted, asked = info.context, bounded(first), filter or ToolFilter()
    effect = _one_of(EFFECTS, asked.effect, "an effect class") if asked.effect else ""
    if search:
        return await _searched(info, asked, search, wanted, after)
    found = await list_tools(
        context.services.reads,
        context.tenant,
        api=asked.api or "",
        effect=effect,
        enabled=asked.enabled,
        after=keys_of(after, context.log_id, tuple[Text])[0] if after is not None else "",
        limit=wanted + 1,
    )
    return page(found, wanted, keyed(context.log_id, _tool_id))


async def _searched(info: Info, asked: ToolFilter, text: str, wanted: int, after: str | None) -> Connection[Any]:
    """Return a page of the tools that fit a text; its cursors count how many stand before what follows."""
    if len(text) > MOST_SEARCHED:
        raise Invalid(f"Expected a text of at most {MOST_SEARCHED} characters to search for, but it has {len(text)}.")
    context, services = info.context, info.context.services
    (before,) = keys_of(after, context.log_id, tuple[Rank]) if after is not None else (0,)
    known = await tools_known(
        services, context.tenant, api=asked.api, effect=asked.effect or None, enabled=asked.enabled
    )
    findings = await services.shell.finder.find(known, text, before + wanted + 1)
    ranks = {each.tool.name: rank for rank, each in enumerate(findings.found, 1) if rank > before}
    listed = await list_tools(services.reads, context.tenant, names=list(ranks), limit=wanted + 1)
    listed.sort(key=lambda tool: ranks[tool.id])
    return page(listed, wanted, keyed(context.log_id, lambda tool: ranks[tool.id]))


def _tool_id(tool: ToolListed) -> str:
    return tool.id


async def agents(info: Info) -> list[Any]:
    """List agents."""
    return list(await list_agents(info.context.services.reads, info.context.tenant))


async def projections(info: Info) -> list[Any]:
    """List read models."""
    return list(await list_projections(info.context.services.reads))


@strawberry.type(description="What can be asked; everything is of the caller's own tenant.")
class Query:
    sessions: Connection[Session] = field(resolver=sessions, description="The sessions, the newest first.")
    session: Session = field(resolver=session, description="One session, as it is now.")
    approvals: Connection[Approval] = field(
        resolver=approvals, description="What waits for humans, or with another status what they decided."
    )
    dead_letters: Connection[DeadLetter] = field(
        resolver=dead_letters, description="Calls that were given up, those that wait longest first."
    )
    dead_letter: DeadLetter = field(resolver=dead_letter, description="One call that was given up.")
    projections: list[Projection] = field(resolver=projections, description="How far each read model is.")
    tools: Connection[Tool] = field(resolver=tools, description="The tools of the registered APIs, by name.")
    tool: ToolDescription = field(resolver=tool, description="One tool, its arguments as deep as asked.")
    dry_run: Rehearsal = field(
        resolver=dry_run_of, description="What a call would be, up to the socket: nothing is sent or recorded."
    )
    check_document: DocumentReport = field(
        resolver=check_document, description="What a document would give if it was registered; nothing is."
    )
    bindings: list[Binding] = field(resolver=bindings, description="What an API's security schemes are bound to.")
    revisions: list[Revision] = field(resolver=revisions, description="The revisions of an API, as they came.")
    drift: Drift = field(
        resolver=drift, description="What a revision would change of all that was called so far, and of what waits."
    )
    standing_approvals: list[StandingApproval] = field(
        resolver=standing_approvals, description="What people allowed beforehand, the oldest first."
    )
    budgets: list[Budget] = field(resolver=budgets, description="The accounts that were given limits, by name.")
    prices: list[PriceList] = field(resolver=prices, description="The price lists.")
    memory: list[Memory] = field(resolver=memory, description="What is remembered and the caller may know.")
    memory_overview: MemoryOverview = field(resolver=memory_overview, description="How the tenant's memory stands.")
    agents: list[Agent] = field(resolver=agents, description="The registered agents.")
    agent_revisions: list[AgentRevision] = field(
        resolver=agent_revisions, description="All revisions of an agent, the newest last."
    )
