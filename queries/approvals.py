"""Ask what waits for people, and what they said."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import NotFound
from queries.ports import ReadStore
from queries.shapes import grouped, shaped


class ApprovalShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a question to a human, with exactly the request that it is about.

    ``question`` is ``call`` (may this be sent?) or ``outcome`` (did this happen?); ``status`` is open until it is
    answered, expires or is overtaken.
    """

    id: str
    session_id: UUID
    step: int
    question: str
    status: str
    reason: str
    request_digest: str
    requested_at: datetime
    goal: str
    tool_id: str = ""
    operation: str = ""
    effect_class: str = ""
    request_json: Json | None = None
    expires_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    decision_reason: str = ""


async def list_approvals(
    store: ReadStore, tenant: str, *, status: str = "open", after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[ApprovalShown]:
    """Return a tenant's approvals of one status (or of all, for ""), the oldest first."""
    at, last = after or (None, None)
    rows = await store.fetch("approvals", tenant=tenant, status=status, at=at, last=last, limit=limit)
    return [shaped(ApprovalShown, row) for row in rows]


async def approvals_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[ApprovalShown]]:
    """Return the approvals of each session, the oldest first."""
    rows = await store.fetch("approvals_of", tenant=tenant, sessions=list(sessions))
    return grouped(ApprovalShown, rows, "session_id", sessions)


async def show_approval(store: ReadStore, tenant: str, approval: str) -> ApprovalShown:
    """Return one approval; raise NotFound."""
    rows = await store.fetch("approval", tenant=tenant, approval=approval)
    if not rows:
        raise NotFound(f"Expected an approval that exists, but there is none with the id {approval[:100]!r}.")
    return shaped(ApprovalShown, rows[0])
