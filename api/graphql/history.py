"""Describe what happened in a session: its events, its messages, and its state at any version."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import field

from api.graphql.context import Info, position
from api.graphql.pages import After, Connection, First, bounded, keyed, page
from api.graphql.scalars import Position
from api.positions import Number, check_reached, inside, keys_of
from commands.replaying import state_at as fold
from domain.encoding import Json
from queries.events import PAGE_BYTES

AfterPosition: TypeAlias = Annotated[
    Position | None, strawberry.argument(description="The position behind which to begin; the first event without it.")
]
Version: TypeAlias = Annotated[
    int | None, strawberry.argument(description="The version; the newest where it is left out.")
]


@strawberry.type(description="What happened at one position of the log, in words and as it is stored.")
class Event:
    position: Position = field(resolver=position, description="Where it stands in the log.")
    version: int = field(description="Its number in its session, from 1.")
    type: str = field(description="Its topic, `<aggregate>.<type>.v<n>`.")
    kind: str = field(description="`fact`: it came from outside; `consequence`: it was decided from a fact.")
    at: datetime | None = field(description="When it happened; null where it does not say.")
    actor: str = field(description="Who acted.")
    title: str = field(description="What happened, in a line.")
    detail: str = field(description="What else there is to say, empty for nothing.")
    step: int = field(description="The step that it is about, 0 for none.")
    call: str = field(description="The model's or tool's call that it is about, empty for none.")
    role: str = field(
        description="Who speaks, where it is a message: human, system, model, agent, tool, policy or reviewer."
    )
    event: Json = field(description="The event as it is stored.")


@strawberry.type(description="What a model, a tool, an agent, the policy, a reviewer or a human said.")
class Message:
    position: Position = field(resolver=position, description="Where it stands in the log.")
    version: int = field(description="Its number in its session.")
    at: datetime = field(description="When it was said.")
    role: str = field(description="Who speaks: human, system, model, agent, tool, policy or reviewer.")
    title: str = field(description="What was said, in a line.")
    detail: str = field(description="What was said, in full.")
    step: int = field(description="The step that it is about, 0 for none.")
    call: str = field(description="The call that it is about, empty for none.")


@strawberry.type(description="A value of the state that a version changed, as in a JSON Patch.")
class Change:
    path: str = field(description="A JSON pointer to the value.")
    op: str = field(description="add, remove or replace.")
    before: Json | None = field(description="The value before; null where there was none.")
    after: Json | None = field(description="The value after; null where there is none.")


@strawberry.type(description="A session's state at a version.")
class StateAt:
    version: int = field(description="The version.")
    schema: str = field(description="The name of the state's form.")
    digest: str = field(description="The SHA-256 of its canonical form, as `reprise replay --at` prints it.")
    state: Json = field(description="The state.")
    changes: list[Change] = field(description="What this version changed.")


async def events(
    root: strawberry.Parent[Any], info: Info, after: AfterPosition = None, first: First = 100
) -> Connection[Any]:
    """Read a session's events behind a position, from the log itself; raise Invalid, WrongLog."""
    context, wanted = info.context, bounded(first)
    behind = inside(after, context.log_id) if after is not None else 0
    if behind:
        check_reached(behind, await context.loaders["head"].load(None))
    found = await context.loaders["events"].load((root.id, behind, wanted + 1))
    # Large events fill a page before they are as many as were asked for; none is shown shorter than it is stored.
    cut = sum(len(bytes(event.event)) for event in found) >= PAGE_BYTES
    return page(found, wanted, lambda event: context.outside(event.position), cut=cut)


async def messages(
    root: strawberry.Parent[Any], info: Info, after: After = None, first: First = 100
) -> Connection[Any]:
    """Read a session's messages behind a cursor; raise Invalid, WrongLog."""
    context, wanted = info.context, bounded(first)
    (behind,) = keys_of(after, context.log_id, tuple[Number]) if after is not None else (0,)
    found = await context.loaders["messages"].load((root.id, behind, wanted + 1))
    return page(found, wanted, keyed(context.log_id, lambda message: message.version))


async def state_at(root: strawberry.Parent[Any], info: Info, version: Version = None) -> Any:
    """Fold a session's recorded events up to a version; raise NotFound."""
    return await fold(info.context.services.shell.store, root.id, version)
