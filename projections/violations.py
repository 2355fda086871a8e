"""Show violations of the policy: one row a rule that had a call denied.

What a human refuses is no violation: the policy had asked, and was obeyed; it stands with the approvals.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.encoding import Json, foreign
from domain.envelope import Event
from domain.session.events import VerdictReached
from domain.upcasting import AnyEvent
from projections.names import action_id, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row

UNNAMED = ("unnamed",)
"""Stands for the rules of a denial that names none."""


class ViolationRow(Row, frozen=True, kw_only=True):
    """Be a violation; ``details`` say which call of which step, under which policy set, and why.

    ``severity`` is high for everything that was denied; what is only worth noting is allowed or asked about.
    """

    NAME: ClassVar = "violations"
    KEY: ClassVar = ("id",)

    id: str
    session_id: UUID
    task_id: str
    tenant: str
    severity: Literal["high"]
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
        case _:
            return


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


MODEL = ReadModel(name="violations", version=1, tables=("violations",), writes=(ViolationRow,), changes=changes)
