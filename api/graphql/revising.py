"""Activate a revision of an API, or refuse it for good."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias, cast, get_args

import strawberry
from strawberry import field

from api.graphql.agents import AtVersion
from api.graphql.context import Info
from api.graphql.dead_letters import Key, Reason
from api.graphql.revisions import ApiName, Digest, Revision
from api.graphql.scalars import Position
from api.graphql.writing import context_of_write, one_of
from api.rest.revisions import activated
from commands.catalogue.revisions import Changed, Waiting
from commands.drift.moving import Moved


@strawberry.type(description="A session that stays with its revision.")
class SessionKept:
    session: strawberry.ID = field(description="The session.")
    reason: str = field(description="Why.")


@strawberry.type(description="How a revision stands now, and what became of open sessions.")
class RevisionWritten:
    revision: Revision = field(description="The revision.")
    version: int = field(description="The number of the newest event of its API.")
    position: Position = field(description="Where that stands in the log.")
    moved: int = field(description="How many open sessions go on with it.")
    kept: list[SessionKept] = field(description="Those that stay with theirs.")
    more: int = field(description="How many more of them are not named.")


Waits: TypeAlias = Annotated[
    str, strawberry.argument(description="pin: open sessions keep their revision; migrate: they move where all fits.")
]
Why: TypeAlias = Annotated[str, strawberry.argument(description="Why, for whoever reads it later.")]


async def activate_revision(
    info: Info,
    api: ApiName,
    digest: Digest,
    waiting: Waits = "pin",
    reason: Why = "",
    version: AtVersion = None,
    idempotency_key: Key = None,
) -> RevisionWritten:
    """Let a revision take the place of the one in force; raise Refused, Stale, Unavailable."""
    one_of(get_args(Waiting), waiting, "what open sessions do")
    context = context_of_write(info, "administer", [api, digest, waiting, reason, version], idempotency_key)
    done = await activated(
        info.context.services, context, api, digest, waiting=cast(Waiting, waiting), reason=reason, expected=version
    )
    return await _written(info, done.changed, done.position, done.moves or Moved())


async def quarantine_revision(
    info: Info, api: ApiName, digest: Digest, reason: Reason, version: AtVersion = None, idempotency_key: Key = None
) -> RevisionWritten:
    """Refuse a revision until that is lifted; raise Forbidden, NotFound, NotPossible, Stale, Invalid."""
    change = info.context.services.catalogue.quarantine_revision
    return await _decided(info, change, api, digest, reason, version, idempotency_key)


async def lift_quarantine(
    info: Info, api: ApiName, digest: Digest, reason: Reason, version: AtVersion = None, idempotency_key: Key = None
) -> RevisionWritten:
    """Let a revision that was refused be activated again; raise Forbidden, NotFound, NotPossible, Stale, Invalid."""
    change = info.context.services.catalogue.lift_quarantine
    return await _decided(info, change, api, digest, reason, version, idempotency_key)


async def _decided(
    info: Info,
    change: Callable[..., Awaitable[Changed]],
    api: str,
    digest: str,
    reason: str,
    version: int | None,
    key: str | None,
) -> RevisionWritten:
    context = context_of_write(info, "administer", [api, digest, reason, version], key)
    done = await change(context, api=api, document=digest, reason=reason, expected=version)
    return await _written(info, done, done.position, Moved())


async def _written(info: Info, done: Changed, position: int, moved: Moved) -> RevisionWritten:
    where: Any = info.context.outside(position or await info.context.services.shell.store.head())
    revision: Any = done.revision
    kept = [SessionKept(session=strawberry.ID(str(each.session)), reason=each.reason) for each in moved.kept]
    return RevisionWritten(
        revision=revision, version=done.version, position=where, moved=moved.moved, kept=kept, more=moved.more
    )
