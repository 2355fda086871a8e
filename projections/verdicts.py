"""Show verdicts: one row each time that the policy judged a call, with every rule that determined it."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.encoding import Json, foreign
from domain.envelope import Event
from domain.session.events import VerdictReached
from domain.upcasting import AnyEvent
from projections.names import action_id, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class VerdictRow(Row, frozen=True, kw_only=True):
    """Be a verdict on the request with this digest; the tool stands with the action."""

    NAME: ClassVar = "verdicts"
    KEY: ClassVar = ("position",)

    position: int
    session_id: UUID
    version: int
    tenant: str
    task_id: str
    action_id: str
    step: int
    call: str
    decision: str
    rules: list[str]
    policy_set: str
    reason: str
    request_digest: str
    at: datetime
    observed: list[str]
    refused: str
    provenance: Json | None = None


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[VerdictRow]:
    """Return a verdict's row; other events have none."""
    match event.data:
        case VerdictReached() as data:
            step = step_of(data.call)
            yield VerdictRow(
                position=row.position,
                session_id=row.stream,
                version=row.version,
                tenant=row.tenant,
                task_id=task_id(row.stream, step),
                action_id=action_id(row.stream, data.call),
                step=step,
                call=data.call,
                decision=data.decision,
                rules=list(data.rules),
                policy_set=data.policy_set,
                reason=data.reason,
                request_digest=data.request_digest,
                at=event.at,
                provenance=foreign(data.provenance) if data.provenance else None,
                observed=list(data.observed),
                refused=data.refused,
            )
        case _:
            return


MODEL = ReadModel(name="verdicts", version=3, tables=("verdicts",), writes=(VerdictRow,), changes=changes)
