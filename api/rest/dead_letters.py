"""Show calls that were given up, and send them again or close them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import Text, Time, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.services import Given
from api.writes import Write, Writing
from commands.dead_letters import LetterDecided, discard_letter, replay_letter
from queries.dead_letters import LetterStatus, list_letters, show_letter

OfStatus: TypeAlias = Annotated[
    LetterStatus | Literal["all"], QueryParameter(name="status", description="Only of this status, or all.")
]
Decide: TypeAlias = Callable[..., Awaitable[LetterDecided]]


class LetterReason(Input, frozen=True, kw_only=True):
    """Say why; it is kept with the decision."""

    reason: str


class LetterDecidedView(Output, frozen=True, kw_only=True):
    """Name a dead letter about which was decided, and the version at which its session is now."""

    letter_id: str
    session_id: UUID
    version: int
    position: str


class DeadLetterView(Output, frozen=True, kw_only=True):
    """Show a call that was given up, with exactly the request that a replay sends again.

    ``status`` is open, replaying, resolved or discarded; ``reason`` says why the call was given up last, ``attempts``
    counts how often it was sent. ``version`` is that of its session. ``responseJson`` is what the tool answered where
    it did, perhaps too late.
    """

    id: str
    session_id: UUID
    task_id: str
    step: int
    status: LetterStatus
    reason: str
    replays: int
    attempts: int
    dead_lettered_at: datetime
    goal: str
    session_status: str
    version: int
    tool: str
    operation: str
    effect_class: str
    request_json: Any
    request_digest: str
    idempotency_key: str
    http_status: int | None
    response_json: Any
    decided_at: datetime | None
    decided_by: str
    decision_reason: str
    closed_at: datetime | None


class DeadLetterList(Output, frozen=True, kw_only=True):
    """List dead letters, the oldest first; ``next`` is the cursor of the following page, null at the end."""

    dead_letters: tuple[DeadLetterView, ...]
    next: str | None


@get("/dead-letters", tags=["dead letters"])
async def list_all(
    services: Given, read: Reading, status: OfStatus = "open", cursor: Cursor = None, limit: Limit = 50
) -> Response[DeadLetterList]:
    """List the calls that were given up and wait for people, or with another status what became of them."""
    await read.wait()
    after = keys_of(cursor, read.log_id, tuple[Time, Text]) if cursor else None
    wanted = "" if status == "all" else status
    found = await list_letters(services.reads, read.tenant, status=wanted, after=after, limit=limit + 1)
    page = found[:limit]
    following = cursor_to(read.log_id, page[-1].dead_lettered_at.isoformat(), page[-1].id) if found[limit:] else None
    return answer(DeadLetterList(dead_letters=tuple(view(DeadLetterView, each) for each in page), next=following))


@get("/dead-letters/{letter_id:str}", tags=["dead letters"])
async def show(services: Given, read: Reading, letter_id: FromPath[str]) -> Response[DeadLetterView]:
    """Show one dead letter; its ETag is its session's version, on which a decision may be made."""
    await read.wait()
    found = await show_letter(services.reads, read.tenant, letter_id)
    return answer(view(DeadLetterView, found), etag=str(found.version))


@post("/dead-letters/{letter_id:str}/replay", status_code=200, opt={"body": LetterReason}, tags=["dead letters"])
async def replay(
    request: Request[Any, Any, Any], services: Given, write: Writing, letter_id: FromPath[str]
) -> Response[LetterDecidedView]:
    """Send the very same request again, under the same key; what becomes of it is shown by the dead letter."""
    return await _decide(write, letter_id, replay_letter)


@post("/dead-letters/{letter_id:str}/discard", status_code=200, opt={"body": LetterReason}, tags=["dead letters"])
async def discard(
    request: Request[Any, Any, Any], services: Given, write: Writing, letter_id: FromPath[str]
) -> Response[LetterDecidedView]:
    """Close a dead letter; its call is not sent again."""
    return await _decide(write, letter_id, discard_letter)


async def _decide(write: Write, letter_id: str, decide: Decide) -> Response[LetterDecidedView]:
    body = await body_of(write.request, LetterReason)
    shell, context = write.services.shell, await write.context("operate")
    decided = await decide(shell, letter_id, body.reason, context, expected_version=write.version)
    shown = LetterDecidedView(
        letter_id=decided.letter,
        session_id=decided.session,
        version=decided.version,
        position=outside(await shell.store.log_id(), decided.position),
    )
    return answer(shown, etag=str(decided.version))
