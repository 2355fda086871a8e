"""Show approvals: one row a question that a human was asked."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from domain.encoding import Json, foreign
from domain.envelope import Event
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    CallSucceeded,
    CallWithdrawn,
    OutcomeReported,
    SessionCancelled,
    SessionCompleted,
    SessionFailed,
)
from domain.upcasting import AnyEvent
from projections.foreign import json_of
from projections.names import action_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class ApprovalRow(Row, frozen=True, kw_only=True):
    """Be an approval; ``status`` is open until it is answered, expires, is overtaken by events or superseded.

    ``document``, ``policy_set`` and ``proof`` are digests. ``edited_json`` are the arguments that were allowed instead.
    """

    NAME: ClassVar = "approvals"
    KEY: ClassVar = ("id",)

    id: str
    position: int
    tenant: str | None = None
    session_id: UUID | None = None
    action_id: str | None = None
    step: int | None = None
    question: str | None = None
    request_digest: str | None = None
    reason: str | None = None
    status: str | None = None
    requested_at: datetime | None = None
    expires_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    requester: str | None = None
    document: str | None = None
    policy_set: str | None = None
    rules: list[str] | None = None
    demands: list[str] | None = None
    proof: str | None = None
    supersedes: str | None = None
    differences: Json | None = None
    edited_json: Json | None = None
    standing: str | None = None


class ApprovalsOvertaken(Row, frozen=True, kw_only=True):
    """Order that open questions are closed: those about one action that was answered, or all of an ended session."""

    NAME: ClassVar = "approvals_overtaken"
    KEY: ClassVar = ("session_id", "action_id")

    session_id: UUID
    action_id: str
    decided_at: datetime
    position: int


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about approvals."""
    data = event.data
    match data:
        case ApprovalRequested():
            yield _asked(event, row, data)
            if data.supersedes:
                yield ApprovalRow(id=data.supersedes, position=row.position, status="superseded")
        case ApprovalGranted():
            granted = _decided(event, row, data.approval, "granted", by=data.by, reason=data.reason)
            edited = json_of(data.edited.value) if data.edited else None
            yield replace(granted, edited_json=edited, standing=data.standing)
        case ApprovalDenied():
            yield _decided(event, row, data.approval, "denied", by=data.by, reason=data.reason)
        case ApprovalExpired():
            yield _decided(event, row, data.approval, "expired")
        case OutcomeReported():
            yield _decided(event, row, data.approval, data.outcome, by=data.by, reason=data.reason)
        case CallSucceeded() | CallWithdrawn():
            yield _overtaken(event, row, action_id(row.stream, data.call))
        case SessionCompleted() | SessionFailed() | SessionCancelled():
            yield _overtaken(event, row, "")
        case _:
            return


def _asked(event: Event[AnyEvent], row: Recorded, data: ApprovalRequested) -> ApprovalRow:
    asked = ApprovalRow(
        id=data.approval,
        position=row.position,
        tenant=row.tenant,
        session_id=row.stream,
        action_id=action_id(row.stream, data.call),
        step=data.step,
        question=data.question,
        request_digest=data.request_digest,
        reason=data.reason,
        status="open",
        requested_at=event.at,
        expires_at=data.expires_at,
    )
    if data.terms is None:
        return asked
    return replace(
        asked,
        requester=data.terms.requester,
        document=data.terms.document,
        policy_set=data.terms.policy_set,
        rules=list(data.terms.rules),
        demands=list(data.terms.demands),
        proof=data.proof,
        supersedes=data.supersedes,
        differences=foreign(data.differences),
    )


def _decided(
    event: Event[AnyEvent], row: Recorded, approval: str, status: str, by: str = "", reason: str = ""
) -> ApprovalRow:
    return ApprovalRow(
        id=approval,
        position=row.position,
        status=status,
        decided_at=event.at,
        decided_by=by,
        decision_reason=reason,
    )


def _overtaken(event: Event[AnyEvent], row: Recorded, action: str) -> ApprovalsOvertaken:
    return ApprovalsOvertaken(session_id=row.stream, action_id=action, decided_at=event.at, position=row.position)


MODEL = ReadModel(
    name="approvals",
    version=2,
    tables=("approvals",),
    writes=(ApprovalRow, ApprovalsOvertaken),
    changes=changes,
)
