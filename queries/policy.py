"""Ask what the policy said, and what it denied."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from domain.encoding import Json
from queries.ports import ReadStore
from queries.shapes import grouped


class VerdictShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a verdict on exactly the request with this digest, with every rule that determined it."""

    session_id: UUID
    task_id: str
    action_id: str
    step: int
    call: str
    decision: str
    rules: Sequence[str]
    policy_set: str
    reason: str
    request_digest: str
    at: datetime
    version: int
    position: int
    tool_id: str = ""
    provenance: Json | None = None
    observed: Sequence[str] = ()
    refused: str = ""


class ViolationShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a rule that had a call denied; ``details`` say which call, and why."""

    id: str
    session_id: UUID
    task_id: str
    severity: str
    rule: str
    details: Json
    created_at: datetime


async def verdicts_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[VerdictShown]]:
    """Return the verdicts of each session, in their order."""
    rows = await store.fetch("verdicts", tenant=tenant, sessions=list(sessions))
    return grouped(VerdictShown, rows, "session_id", sessions)


async def violations_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[ViolationShown]]:
    """Return the violations of each session, in their order."""
    rows = await store.fetch("violations", tenant=tenant, sessions=list(sessions))
    return grouped(ViolationShown, rows, "session_id", sessions)
