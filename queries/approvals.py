"""Ask what waits for people, and what they said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import NotFound
from domain.session.proof import Difference
from queries.ports import ReadStore
from queries.shapes import grouped, shaped

_DIFFERENCES = msgspec.json.Decoder(tuple[Difference, ...])


class ApprovalShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a question to a human, with exactly the request that it is about.

    ``question`` is ``call`` (may this be sent?) or ``outcome`` (did this happen?); ``status`` is open until it is
    answered, expires, is overtaken or superseded. ``proof`` is the digest of all that an answer is bound to: the
    request, ``requester``, ``document``, ``policy_set``, the ``rules`` that asked, what they demand, and the expiry.
    ``differences`` say why it takes the place of what it ``supersedes``. ``edited_json`` are the arguments that were
    allowed instead, and ``standing`` is the approval given beforehand by which it was allowed.
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
    requester: str = ""
    document: str = ""
    policy_set: str = ""
    rules: Sequence[str] = ()
    demands: Sequence[str] = ()
    proof: str = ""
    supersedes: str = ""
    differences: Sequence[Difference] = ()
    edited_json: Json | None = None
    standing: str = ""


async def list_approvals(
    store: ReadStore, tenant: str, *, status: str = "open", after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[ApprovalShown]:
    """Return a tenant's approvals of one status (or of all, for ""), the oldest first."""
    at, last = after or (None, None)
    rows = await store.fetch("approvals", tenant=tenant, status=status, at=at, last=last, limit=limit)
    return [shaped(ApprovalShown, _read(row)) for row in rows]


async def approvals_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[ApprovalShown]]:
    """Return the approvals of each session, the oldest first."""
    rows = await store.fetch("approvals_of", tenant=tenant, sessions=list(sessions))
    return grouped(ApprovalShown, map(_read, rows), "session_id", sessions)


async def show_approval(store: ReadStore, tenant: str, approval: str) -> ApprovalShown:
    """Return one approval; raise NotFound."""
    rows = await store.fetch("approval", tenant=tenant, approval=approval)
    if not rows:
        raise NotFound(
            f"Expected an approval that exists, but there is none with the id {approval[:100]!r}: "
            "`reprise approvals list --all` shows them."
        )
    return shaped(ApprovalShown, _read(rows[0]))


def _read(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with its differences read."""
    stored = row["differences"]
    return row if stored is None else {**row, "differences": _DIFFERENCES.decode(stored)}
