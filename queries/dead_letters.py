"""Ask which calls were given up, and what people decided about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import NotFound
from queries.ports import ReadStore
from queries.shapes import grouped, shaped

LetterStatus: TypeAlias = Literal["open", "replaying", "resolved", "discarded"]


class DeadLetterShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a call that was given up, with exactly the request that a replay sends again.

    ``reason`` says why it was given up last, ``attempts`` counts how often it was sent, replays included. ``version``
    is that of its session: a decision may be made on it. What a resolved one answered is in ``response_json``.
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
    tool: str = ""
    operation: str = ""
    effect_class: str = ""
    request_json: Json | None = None
    request_digest: str = ""
    idempotency_key: str = ""
    http_status: int | None = None
    response_json: Json | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    decision_reason: str = ""
    closed_at: datetime | None = None


async def list_letters(
    store: ReadStore, tenant: str, *, status: str = "open", after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[DeadLetterShown]:
    """Return a tenant's dead letters of one status (or of all, for ""), those that wait longest first."""
    at, last = after or (None, None)
    rows = await store.fetch("dead_letters", tenant=tenant, status=status, at=at, last=last, limit=limit)
    return [shaped(DeadLetterShown, row) for row in rows]


async def letters_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[DeadLetterShown]]:
    """Return the dead letters of each session, those that wait longest first."""
    rows = await store.fetch("dead_letters_of", tenant=tenant, sessions=list(sessions))
    return grouped(DeadLetterShown, rows, "session_id", sessions)


async def show_letter(store: ReadStore, tenant: str, letter: str) -> DeadLetterShown:
    """Return one dead letter; raise NotFound."""
    rows = await store.fetch("dead_letter", tenant=tenant, letter=letter)
    if not rows:
        raise NotFound(
            f"Expected a dead letter that exists, but there is none with the id {letter[:100]!r}: "
            "`reprise dlq list --all` shows them."
        )
    return shaped(DeadLetterShown, rows[0])
