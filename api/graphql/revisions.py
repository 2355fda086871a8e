"""Show the revisions of an API, and what one would change if it took the place of the one in force."""

from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import field

from api.graphql.context import Info, position
from api.graphql.scalars import Position
from commands.drift.examine import examine
from domain.errors import Invalid, NotFound

MOST_EXAMPLES = 500

ApiName: TypeAlias = Annotated[str, strawberry.argument(description="The name of the API.")]
Digest: TypeAlias = Annotated[str, strawberry.argument(description="A revision, or the beginning of it.")]
Examples: TypeAlias = Annotated[
    int, strawberry.argument(description=f"Name at most so many calls of each finding, 0 to {MOST_EXAMPLES}.")
]


@strawberry.type(description="A revision of an API: one text of its document.")
class Revision:
    api: str = field(description="The API.")
    document: str = field(name="openapiRef", description="The digest of its document.")
    status: str = field(description="active, staged, earlier or quarantined.")
    base_url: str = field(description="Where its requests go.")
    origins: list[str] = field(description="Where else operations may be that have servers of their own.")
    tools: int = field(description="How many tools it gives.")
    skipped: int = field(description="How many of its operations are no tools.")
    reason: str = field(description="Why it has this status.")
    by: str = field(description="Who gave it this status.")


@strawberry.type(description="A recorded call, and where it was told of last.")
class DriftExample:
    call: str = field(description="Its id.")
    session: strawberry.ID = field(description="The session that made it.")
    version: int = field(description="The number of the event in its session.")
    position: Position = field(resolver=position, description="Where the event stands in the log.")
    status: str = field(description="How the call stands.")


@strawberry.type(description="One thing that holds of recorded calls of one operation.")
class DriftFinding:
    cause: str = field(description="What it is.")
    fails: bool = field(description="Whether these calls could not be made any more.")
    operation: str = field(description="METHOD path, empty where it holds of the whole API.")
    pointer: str = field(description="A JSON pointer into their arguments, or into their answers.")
    message: str = field(description="What it is, in words.")
    calls: int = field(description="How many calls it holds of.")
    examples: list[DriftExample] = field(description="Some of them.")


@strawberry.type(description="One thing about a waiting call.")
class DriftReason:
    cause: str = field(description="What it is.")
    pointer: str = field(description="A JSON pointer into its arguments.")
    message: str = field(description="What it is, in words.")


@strawberry.type(description="A call of an open session that the revision changes.")
class DriftWaiting:
    session: strawberry.ID = field(description="The session.")
    version: int = field(description="The number of its newest event.")
    step: int = field(description="The step of its plan.")
    call: str = field(description="The call.")
    tool: str = field(description="The tool.")
    operation: str = field(description="METHOD path.")
    stage: str = field(description="How far the call is.")
    fails: bool = field(description="Whether it could not be made any more.")
    reasons: list[DriftReason] = field(description="Why.")


@strawberry.type(description="What a revision would change if it took the place of the one in force.")
class Drift:
    api: str = field(description="The API.")
    document: str = field(name="openapiRef", description="The digest of the revision's document.")
    current: str = field(description="The digest of the document in force.")
    status: str = field(description="How the revision stands.")
    calls: int = field(description="How many calls were recorded.")
    failing: int = field(description="How many of them could not be made any more.")
    changed: int = field(description="How many would be made otherwise.")
    answers: int = field(description="How many answers were held against it.")
    mismatched: int = field(description="How many of them are not what it says, but were what their own revision says.")
    open_sessions: int = field(description="How many open sessions use another revision.")
    asked_again: int = field(description="How many approvals a migration would ask for again.")
    findings: list[DriftFinding] = field(description="What was found, alike things together.")
    waiting: list[DriftWaiting] = field(description="The calls of open sessions that are affected.")
    more: int = field(description="How much is not named.")


async def revisions(info: Info, api: ApiName) -> list[Any]:
    """List the revisions of an API; raise NotFound."""
    known = (await info.context.services.catalogue.current(info.context.tenant)).revisions.get(api)
    if known is None:
        raise NotFound(f"Expected an API that exists, but there is none with the name {api[:100]!r}.")
    return list(known.values())


async def drift(info: Info, api: ApiName, digest: Digest, examples: Examples = 20) -> Any:
    """Check what was recorded and what waits against a revision; raise Invalid, NotFound, Unavailable."""
    if not 0 <= examples <= MOST_EXAMPLES:
        raise Invalid(f"Expected 0 to {MOST_EXAMPLES} examples, but got {examples}.")
    services = info.context.services
    parts = services.shell, services.catalogue, services.documents, services.past
    return await examine(*parts, info.context.tenant, api, digest, examples=examples)
