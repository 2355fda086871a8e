"""Say what can be decided: about calls that were given up, tools, agents, and what is remembered."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from api.graphql.agents import AgentWritten, add_agent, patch_agent
from api.graphql.bindings import BindingWritten, bind, unbind
from api.graphql.context import Info
from api.graphql.dead_letters import DeadLetterDecided, Key, Reason
from api.graphql.overriding import ToolSet, set_tool
from api.graphql.query import Id
from api.graphql.registering import ApiWritten, add_tools
from api.graphql.remembering import MemoryWritten, add_memory, forget_memory
from api.graphql.revising import RevisionWritten, activate_revision, lift_quarantine, quarantine_revision
from api.writes import check_key, write_context
from commands.dead_letters import LetterDecided, discard_letter, replay_letter
from domain.encoding import digest


async def replay_dead_letter(info: Info, id: Id, reason: Reason, idempotency_key: Key = None) -> Any:
    """Have a call sent again; raise Forbidden, NotFound, NotPossible, Invalid."""
    return await _decide(info, replay_letter, id, reason, idempotency_key)


async def discard_dead_letter(info: Info, id: Id, reason: Reason, idempotency_key: Key = None) -> Any:
    """Close a dead letter; raise Forbidden, NotFound, NotPossible, Invalid."""
    return await _decide(info, discard_letter, id, reason, idempotency_key)


async def _decide(
    info: Info, decide: Callable[..., Awaitable[LetterDecided]], id: str, reason: str, key: str | None
) -> LetterDecided:
    check_key(key)
    services, principal = info.context.services, info.context.principal
    request = digest([info.field_name, id, reason])
    traceparent = info.context.traceparent
    context = write_context(services, principal, "operate", key=key, request_digest=request, traceparent=traceparent)
    return await decide(services.shell, id, reason, context)


@strawberry.type(description="What can be decided; everything else is decided over REST.")
class Mutation:
    replay_dead_letter: DeadLetterDecided = strawberry.mutation(
        resolver=replay_dead_letter,
        description="Send the very same request again, under the same key; the dead letter shows what becomes of it.",
    )
    discard_dead_letter: DeadLetterDecided = strawberry.mutation(
        resolver=discard_dead_letter, description="Close a dead letter; its call is not sent again."
    )
    add_agent: AgentWritten = strawberry.mutation(resolver=add_agent, description="Define a new agent.")
    patch_agent: AgentWritten = strawberry.mutation(
        resolver=patch_agent,
        description="Give an agent a new revision; sessions that run keep the one they began with.",
    )
    add_memory: MemoryWritten = strawberry.mutation(
        resolver=add_memory, description="Remember a text, as one's own or for the whole tenant."
    )
    forget_memory: MemoryWritten = strawberry.mutation(
        resolver=forget_memory, description="Forget a memory of one's own: it is never recalled again."
    )
    add_tools: ApiWritten = strawberry.mutation(
        resolver=add_tools, description="Register an API: each operation that can be called becomes a tool."
    )
    set_tool: ToolSet = strawberry.mutation(
        resolver=set_tool, description="Say something else of a tool than its document, for all its revisions."
    )
    bind_scheme: BindingWritten = strawberry.mutation(
        resolver=bind, description="Let calls of an API carry the secret at a reference, from the next one on."
    )
    unbind_scheme: BindingWritten = strawberry.mutation(
        resolver=unbind, description="Let calls of an API carry it no more, from the next one on."
    )
    activate_revision: RevisionWritten = strawberry.mutation(
        resolver=activate_revision, description="Let a revision of an API take the place of the one in force."
    )
    quarantine_revision: RevisionWritten = strawberry.mutation(
        resolver=quarantine_revision,
        description="Refuse a revision: it can be neither activated nor registered until that is lifted.",
    )
    lift_quarantine: RevisionWritten = strawberry.mutation(
        resolver=lift_quarantine, description="Let a revision that was refused be activated again."
    )
