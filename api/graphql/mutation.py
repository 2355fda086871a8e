"""Say what can be decided: what becomes of calls that were given up."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from api.graphql.context import Info
from api.graphql.dead_letters import DeadLetterDecided, Key, Reason
from api.graphql.query import Id
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
