"""Show violations of the policy: one row a rule that had a call denied, and one a budget that was too low.

What a human refuses is no violation: the policy had asked, and was obeyed; it stands with the approvals.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.encoding import Json, foreign
from domain.envelope import Event
from domain.session.events import AllotmentRefused, SessionFailed, VerdictReached
from domain.upcasting import AnyEvent
from projections.names import action_id, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row

UNNAMED = ("unnamed",)
"""Stands for the rules of a denial that names none."""


class ViolationRow(Row, frozen=True, kw_only=True):
    """Be a violation; ``details`` say which call of which step, under which policy set, and why.

    ``severity`` is high for everything that was denied, medium where a limit was reached; what is only worth noting is
    allowed or asked about.
    """

    NAME: ClassVar = "violations"
    KEY: ClassVar = ("id",)

    id: str
    session_id: UUID
    task_id: str
    tenant: str
    severity: Literal["high", "medium"]
    rule: str
    details: Json
    created_at: datetime
    position: int


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[ViolationRow]:
    """Return the rows of a denial; other events have none."""
    match event.data:
        case VerdictReached(decision="deny") as data:
            for number, rule in enumerate(data.rules or UNNAMED, 1):
                yield ViolationRow(
                    id=f"{row.stream}-{row.version}-{number}",
                    session_id=row.stream,
                    task_id=task_id(row.stream, step_of(data.call)),
                    tenant=row.tenant,
                    severity="high",
                    rule=rule,
                    details=_details(data, row),
                    created_at=event.at,
                    position=row.position,
                )
        case AllotmentRefused(retry_at=None, account=account, call=call, reason=reason):
            yield _of_budget(event, row, f"budget-of-{account}", step_of(call), reason)
        case SessionFailed(limit=limit, reason=reason) if limit:
            yield _of_budget(event, row, f"limit-of-{limit}", 0, reason)
        case _:
            return


def _of_budget(event: Event[AnyEvent], row: Recorded, rule: str, step: int, reason: str) -> ViolationRow:
    return ViolationRow(
        id=f"{row.stream}-{row.version}-1",
        session_id=row.stream,
        task_id=task_id(row.stream, step),
        tenant=row.tenant,
        severity="medium",
        rule=rule,
        details=foreign({"step": step, "reason": reason}),
        created_at=event.at,
        position=row.position,
    )


def _details(data: VerdictReached, row: Recorded) -> Json:
    return foreign(
        {
            "actionId": action_id(row.stream, data.call),
            "step": step_of(data.call),
            "call": data.call,
            "policySet": data.policy_set,
            "reason": data.reason,
            "requestDigest": data.request_digest,
        }
    )


MODEL = ReadModel(name="violations", version=2, tables=("violations",), writes=(ViolationRow,), changes=changes)
