"""Show dead letters: one row a call that was given up, under its action's id, and what people decided about it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.envelope import Event
from domain.session.events import CallDeadLettered, DeadLetterDiscarded, DeadLetterReplayed, DeadLetterResolved
from domain.upcasting import AnyEvent
from projections.names import action_id, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class DeadLetterRow(Row, frozen=True, kw_only=True):
    """Be a dead letter; ``status`` is open, replaying, resolved or discarded.

    ``dead_lettered_at`` is when the call was last given up; what was last decided stays when that happens again.
    """

    NAME: ClassVar = "dead_letters"
    KEY: ClassVar = ("id",)
    SUMMED: ClassVar = frozenset(("replays",))

    id: str
    position: int
    tenant: str | None = None
    session_id: UUID | None = None
    task_id: str | None = None
    step: int | None = None
    status: str | None = None
    reason: str | None = None
    replays: int = 0
    dead_lettered_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    closed_at: datetime | None = None


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[DeadLetterRow]:
    """Return what an event changes about a dead letter."""
    match event.data:
        case CallDeadLettered(call=call, reason=reason):
            yield _row(row, call, status="open", reason=reason, dead_lettered_at=event.at, **_where(row, call))
        case DeadLetterReplayed(call=call) as data:
            yield _row(row, call, status="replaying", replays=1, **_decided(event, data))
        case DeadLetterDiscarded(call=call) as data:
            yield _row(row, call, status="discarded", closed_at=event.at, **_decided(event, data))
        case DeadLetterResolved(call=call):
            yield _row(row, call, status="resolved", closed_at=event.at)
        case _:
            return


def _row(row: Recorded, call: str, **columns: Any) -> DeadLetterRow:
    return DeadLetterRow(id=action_id(row.stream, call), position=row.position, **columns)


def _where(row: Recorded, call: str) -> dict[str, Any]:
    step = step_of(call)
    return {"tenant": row.tenant, "session_id": row.stream, "task_id": task_id(row.stream, step), "step": step}


def _decided(event: Event[AnyEvent], data: DeadLetterReplayed | DeadLetterDiscarded) -> dict[str, Any]:
    return {"decided_at": event.at, "decided_by": data.by, "decision_reason": data.reason}


MODEL = ReadModel(name="dead_letters", version=1, tables=("dead_letters",), writes=(DeadLetterRow,), changes=changes)
