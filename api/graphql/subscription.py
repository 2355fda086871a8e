"""Say what can be followed: each event of a session, or that something happened in any."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
import strawberry
from strawberry import field
from strawberry.types.nodes import SelectedField, Selection

from api.auth import check_fresh
from api.graphql.context import Context, Info, position
from api.graphql.errors import Resynced
from api.graphql.history import AfterPosition, Event
from api.graphql.query import Id
from api.graphql.scalars import Position
from api.graphql.sessions import Session
from api.live.feeds import Batch, Resync
from api.live.seats import seat
from api.live.voices import Ear, Heard
from api.positions import inside
from api.rest.found import find_session
from projections.ports import Recorded
from queries.events import show_event
from queries.freshness import wait_for
from queries.sessions import SessionShown, sessions_of

SinceNow: TypeAlias = Annotated[
    Position | None, strawberry.argument(description="The position behind which to begin; from now on without it.")
]


FRESH_SECONDS = 1.0
"""How often it is looked whether who listens still may."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Be an event of some session, and that session with it."""

    position: int
    session_id: UUID
    version: int
    type: str
    session: SessionShown | None


@strawberry.type(description="Something happened in a session.")
class SessionChanged:
    position: Position = field(resolver=position, description="Where the event stands in the log.")
    session_id: strawberry.ID = field(description="The session.")
    version: int = field(description="The event's number in the session.")
    type: str = field(description="The event's topic.")
    session: Session | None = field(
        description="The session, at least as new as the event; null where the read models are far behind."
    )


@strawberry.type(description="A part of what a model says while it says it: provisional, until its reply is an event.")
class Said:
    call: str = field(description="The question that it answers, as `model-call-requested` names it.")
    attempt: int = field(description="The attempt of that question.")
    part: int = field(description="The number of this part of the attempt's reply, from 1.")
    missed: int = field(description="How many parts were lost right before this one.")
    text: str = field(description="What it adds, as the model writes it; values are hidden as in events.")


async def session_events(info: Info, id: Id, after: AfterPosition = None) -> AsyncGenerator[Any, None]:
    """Yield a session's events behind a position, the recorded ones and then each new one."""
    context = info.context
    session, _, _ = await find_session(context.services, context.tenant, id)
    behind = inside(after, context.log_id) if after is not None else 0
    feed = context.services.feeds.session(session, behind, log_id=context.log_id)
    async with aclosing(_followed(context, feed)) as batches:
        async for batch in batches:
            for row in batch:
                yield show_event(row)


async def session_said(info: Info, id: Id) -> AsyncGenerator[Any, None]:
    """Yield what the models of a session say from now on; nothing where this service cannot hear it."""
    context, services = info.context, info.context.services
    session, _, _ = await find_session(services, context.tenant, id)
    async with seat(services), services.voices.ear(services.shell.live, session) as ear:
        while ear:
            for heard in await _within(FRESH_SECONDS, ear):
                yield heard
            check_fresh(context.principal, services.shell.clock.now())


async def _within(seconds: float, ear: Ear) -> Sequence[Heard]:
    try:
        return await asyncio.wait_for(ear.take(), seconds)
    except TimeoutError:
        return ()


async def sessions_changed(info: Info, after: SinceNow = None) -> AsyncGenerator[Any, None]:
    """Yield that something happened in a session of the tenant, once for each event behind a position."""
    context, shows = info.context, _names(info.selected_fields, "session")
    behind = inside(after, context.log_id) if after is not None else await context.services.shell.store.head()
    feed = context.services.feeds.tenant(context.tenant, behind, log_id=context.log_id)
    async with aclosing(_followed(context, feed)) as batches:
        async for batch in batches:
            found = await _sessions(context, batch) if shows and batch else {}
            for row in batch:
                yield _changed(row, found.get(row.stream))


async def _followed(context: Context, feed: AsyncGenerator[Batch]) -> AsyncGenerator[Sequence[Recorded], None]:
    """Yield batches while the caller may read them; raise Resynced, Unauthenticated, WrongLog, Unavailable."""
    services = context.services
    async with seat(services), aclosing(feed) as batches:
        async for batch in batches:
            check_fresh(context.principal, services.shell.clock.now())
            if isinstance(batch, Resync):
                raise Resynced(context.outside(batch.after))
            yield batch


async def _sessions(context: Context, batch: Sequence[Recorded]) -> Mapping[UUID, SessionShown]:
    """Return the sessions of a batch, as new as its events where the read models reach these in time."""
    reads = context.services.reads
    await wait_for(reads, batch[-1].position, patience=context.services.read_patience)
    return await sessions_of(reads, context.tenant, list({row.stream for row in batch}))


def _changed(row: Recorded, session: SessionShown | None) -> Changed:
    current = session if session and session.version >= row.version else None
    return Changed(position=row.position, session_id=row.stream, version=row.version, type=row.topic, session=current)


def _names(selections: Iterable[Selection], name: str) -> bool:
    """Tell whether a subscription's selections ask for a field of its event."""
    return any(
        inner.name == name if isinstance(inner, SelectedField) else _names([inner], name)
        for selection in selections
        for inner in selection.selections
    )


@strawberry.type(
    description="What can be followed over graphql-transport-ws: of events nothing is skipped, nothing comes twice."
)
class Subscription:
    session_events: AsyncGenerator[Event, None] = strawberry.subscription(
        resolver=session_events, description="What is recorded of a session behind a position, then each new event."
    )
    session_said: AsyncGenerator[Said, None] = strawberry.subscription(
        resolver=session_said,
        description="What models say in a session from now on, while they say it; it is never stored, and may be lost.",
    )
    sessions_changed: AsyncGenerator[SessionChanged, None] = strawberry.subscription(
        resolver=sessions_changed, description="That something happened in a session, once for each event."
    )
