"""Remember and forget."""

from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import field

from api.graphql.context import Info, position
from api.graphql.dead_letters import Key
from api.graphql.scalars import Position
from api.writes import check_key, write_context
from commands.authorize import Action, may
from commands.memory.remembering import ToRemember, forget, remember
from domain.encoding import digest
from domain.envelope import Context
from domain.errors import Invalid
from domain.memory.events import KINDS

MemoryId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
Why: TypeAlias = Annotated[str, strawberry.argument(description="Why; it is kept in the log.")]


@strawberry.input(description="What is to be remembered; without its personal values, as everything that is recorded.")
class MemoryInput:
    text: str = field(description="What is so, in words.")
    kind: str = field(default="semantic", description=f"{', '.join(KINDS)}.")
    subject: str = field(default="", description="What it is about; an entity's memory must say.")
    trusted: bool = field(default=True, description="Whether nobody else can have written it.")
    private: bool = field(default=False, description="Whether it is not for others' eyes.")
    shared: bool = field(default=False, description="Whether the whole tenant may know it: an administrator's word.")


Remembered: TypeAlias = Annotated[MemoryInput, strawberry.argument(description="What is to be remembered.")]


@strawberry.type(description="A memory that was written or forgotten.")
class MemoryWritten:
    id: strawberry.ID = field(description="Its id.")
    version: int = field(description="The number of the newest event of its stream.")
    position: Position = field(resolver=position, description="Where that event stands in the log.")


async def add_memory(info: Info, memory: Remembered, idempotency_key: Key = None) -> Any:
    """Remember a text; raise Forbidden, Invalid, NotPossible, Unavailable."""
    services, said = info.context.services, vars(memory)
    kinds = [kind for kind in KINDS if kind == memory.kind]
    if not kinds:
        raise Invalid(f"Expected a kind out of {', '.join(KINDS)}, but got {memory.kind[:100]!r}.")
    context = _context(info, "administer" if memory.shared else "operate", said, idempotency_key)
    asked = ToRemember(**{**said, "kind": kinds[0]})
    return await remember(services.catalogue, services.shell, asked, context)


async def forget_memory(info: Info, id: MemoryId, reason: Why = "", idempotency_key: Key = None) -> Any:
    """Forget a memory of the caller's own, or whoever administers any; raise Forbidden, NotFound, Invalid."""
    services, administers = info.context.services, may(info.context.principal, "administer")
    context = _context(info, "operate", [id, reason], idempotency_key)
    return await forget(services.catalogue, services.shell, id, reason, context, administers=administers)


def _context(info: Info, action: Action, said: object, key: str | None) -> Context:
    check_key(key)
    request, traceparent = digest([info.field_name, said]), info.context.traceparent
    return write_context(
        info.context.services,
        info.context.principal,
        action,
        key=key,
        request_digest=request,
        traceparent=traceparent,
    )
