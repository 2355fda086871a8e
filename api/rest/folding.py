"""Show a session from the log itself, where its read model is behind: the projections' own code over its own events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from commands.ports import LogNotification
from domain.envelope import Event
from domain.upcasting import AnyEvent, Unknown, read
from projections import action, session, task
from projections.action import ActionRow, ActionsEnded
from projections.ports import Recorded
from projections.rows import Row, coalesce
from projections.session import SessionRow
from projections.task import TaskRow, TasksEnded
from queries.sessions import SessionDetail, detail

ENDED = ("completed", "failed", "cancelled")
TASK_UNFINISHED = ("pending", "running", "waiting")
ACTION_UNFINISHED = ("chosen", "waiting", "requested", "running", "deferred", "retrying")


def fold(rows: Sequence[LogNotification]) -> SessionDetail:
    """Return a session as its read model will show it once it has seen these events."""
    changed = coalesce(change for row in rows for change in _changes(row))
    (only,) = _mappings(changed.get(SessionRow, ()))
    tasks, actions = _mappings(changed.get(TaskRow, ())), _mappings(changed.get(ActionRow, ()))
    for end in _mappings(changed.get(TasksEnded, ())):
        tasks = [_task_ended(each, end) for each in tasks]
    for end in _mappings(changed.get(ActionsEnded, ())):
        actions = [_action_ended(each, end) for each in actions]
    return detail(
        {**only, "status": _status(only)},
        sorted(tasks, key=lambda each: int(each["step"])),
        sorted((each for each in actions if each["tool_id"]), key=lambda each: (each["created_at"], each["id"])),
    )


def _changes(row: LogNotification) -> Iterable[Row]:
    event = read(row.topic, row.state)
    if isinstance(event, Unknown):
        return ()
    return _of(event, _recorded(row))


def _of(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    yield from session.changes(event, row)
    yield from task.changes(event, row)
    yield from action.changes(event, row)


def _recorded(row: LogNotification) -> Recorded:
    return Recorded(
        position=row.id,
        stream=UUID(str(row.originator_id)),
        version=row.originator_version,
        topic=row.topic,
        tenant=row.tenant,
        event_id=row.event_id,
        state=row.state,
    )


def _mappings(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(row) for row in rows]


def _task_ended(row: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
    """Return a task as the end of its session left it."""
    return _cancelled(row, end) if row["status"] in TASK_UNFINISHED else row


def _action_ended(row: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
    """Return an action as the end of its session left it, or as what came after the end says."""
    if row["status"] not in ACTION_UNFINISHED or row["id"] in end["kept"] or row["status_position"] > end["position"]:
        return row
    return _cancelled(row, end)


def _cancelled(row: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
    return {**row, "status": "cancelled", "finished_at": end["finished_at"]}


def _status(row: Mapping[str, Any]) -> str:
    """Return what the read model's column says: waiting where humans are asked about everything that is open."""
    asking = set(row["asked"])
    if row["stage"] in ENDED:
        return str(row["stage"])
    if row["paused"]:
        return "paused"
    return "waiting" if asking and len(asking) >= row["open_steps"] else str(row["stage"])
