"""Show actions: one row a tool call that an agent chose, allowed or not."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from domain.encoding import Json
from domain.envelope import Event
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalRequested,
    ArgumentsChecked,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallFailed,
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    OutcomeReported,
    SessionCancelled,
    SessionCompleted,
    SessionFailed,
    ToolChosen,
    VerdictReached,
)
from domain.upcasting import AnyEvent
from projections.foreign import json_of, json_of_content
from projections.names import action_id, action_of, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class ActionRow(Row, frozen=True, kw_only=True):
    """Be an action; ``retry_count`` counts the attempts after the first.

    ``status_position`` says where it got its status, so that the end of its session is told from what comes after it.
    """

    NAME: ClassVar = "actions"
    KEY: ClassVar = ("id",)

    id: str
    updated_at: datetime
    version: int
    position: int
    tenant: str | None = None
    session_id: UUID | None = None
    task_id: str | None = None
    tool_id: str | None = None
    operation: str | None = None
    document: str | None = None
    effect_class: str | None = None
    request_json: Json | None = None
    request_digest: str | None = None
    idempotency_key: str | None = None
    verdict: str | None = None
    rules: list[str] | None = None
    policy_set: str | None = None
    status: str | None = None
    status_position: int | None = None
    reason: str | None = None
    response_json: Json | None = None
    http_status: int | None = None
    latency_ms: int | None = None
    retry_count: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ActionsEnded(Row, frozen=True, kw_only=True):
    """Order that a session's unfinished actions are cancelled, because it ended.

    What is in flight is kept: its answer, or that it was given up, is still to come. So is what came after the end.
    """

    NAME: ClassVar = "actions_ended"
    KEY: ClassVar = ("session_id",)

    session_id: UUID
    kept: list[str]
    finished_at: datetime
    position: int


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about its session's actions."""
    match event.data:
        case SessionFailed(in_flight=in_flight) | SessionCancelled(in_flight=in_flight):
            yield _ended(event, row, in_flight)
        case SessionCompleted():
            yield _ended(event, row, ())
        case _:
            for action, columns in _changed(event, row):
                yield _row(event, row, action, columns)


def _ended(event: Event[AnyEvent], row: Recorded, in_flight: Iterable[str]) -> ActionsEnded:
    kept = [action_id(row.stream, call) for call in in_flight]
    return ActionsEnded(session_id=row.stream, kept=kept, finished_at=event.at, position=row.position)


def _row(event: Event[AnyEvent], row: Recorded, action: str, columns: dict[str, Any]) -> ActionRow:
    return ActionRow(
        id=action,
        updated_at=event.at,
        version=row.version,
        position=row.position,
        status_position=row.position if "status" in columns else None,
        **columns,
    )


def _changed(event: Event[AnyEvent], row: Recorded) -> Iterable[tuple[str, dict[str, Any]]]:
    data, session = event.data, row.stream
    match data:
        case ToolChosen():
            yield action_id(session, data.call), _chosen(event, row, data)
        case ArgumentsChecked():
            yield action_id(session, data.call), _checked(event, data)
        case VerdictReached():
            yield action_id(session, data.call), _judged(event, data)
        case ApprovalRequested(question="call"):
            yield action_id(session, data.call), {"status": "waiting"}
        case ApprovalDenied() | ApprovalExpired():
            yield action_of(data.approval), {"status": "denied", "finished_at": event.at}
        case CallRequested():
            requested = {"status": "requested", "idempotency_key": data.idempotency_key}
            yield action_id(session, data.call), requested
        case CallRehearsed(output=output):
            rehearsed = {"status": "rehearsed", "response_json": json_of_content(output), "finished_at": event.at}
            yield action_id(session, data.call), rehearsed
        case CallAttempted():
            started = {"started_at": event.at} if data.attempt == 1 else {}
            attempted = {"status": "running", "retry_count": data.attempt - 1, **started}
            yield action_id(session, data.call), attempted
        case CallDeferred():
            yield action_id(session, data.call), {"status": "deferred", "reason": data.reason}
        case CallFailed():
            yield action_id(session, data.call), _failed(event, data)
        case CallRetryScheduled():
            yield action_id(session, data.call), {"status": "retrying", "reason": data.reason}
        case CallOutcomeUnknown():
            yield action_id(session, data.call), {"status": "unknown", "reason": data.reason}
        case CallDeadLettered():
            given_up = {"status": "dead-lettered", "reason": data.reason, "finished_at": event.at}
            yield action_id(session, data.call), given_up
        case CallWithdrawn():
            withdrawn = {"status": "cancelled", "reason": data.reason, "finished_at": event.at}
            yield action_id(session, data.call), withdrawn
        case OutcomeReported(outcome="happened"):
            told = {"status": "succeeded", "reason": f"{data.by} said that it happened", "finished_at": event.at}
            yield action_id(session, data.call), told
        case CallSucceeded():
            yield action_id(session, data.call), _succeeded(event, data)
        case _:
            return


def _chosen(event: Event[AnyEvent], row: Recorded, data: ToolChosen) -> dict[str, Any]:
    return {
        "tenant": row.tenant,
        "session_id": row.stream,
        "task_id": task_id(row.stream, step_of(data.call)),
        "tool_id": data.tool,
        "request_json": json_of(data.arguments.value),
        "status": "chosen",
        "retry_count": 0,
        "created_at": event.at,
    }


def _checked(event: Event[AnyEvent], data: ArgumentsChecked) -> dict[str, Any]:
    if data.problems:
        return {"status": "invalid", "reason": "; ".join(data.problems), "finished_at": event.at}
    filled = {"request_json": json_of(data.arguments)} if data.filled else {}
    return {
        **filled,
        "operation": data.operation,
        "document": data.document,
        "effect_class": data.effect_class,
        "request_digest": data.request_digest,
    }


def _judged(event: Event[AnyEvent], data: VerdictReached) -> dict[str, Any]:
    denied = {"status": "denied", "finished_at": event.at} if data.decision == "deny" else {}
    return {
        "verdict": data.decision,
        "rules": list(data.rules),
        "policy_set": data.policy_set,
        "reason": data.reason,
        **denied,
    }


def _failed(event: Event[AnyEvent], data: CallFailed) -> dict[str, Any]:
    return {
        "status": "failed",
        "reason": data.reason,
        "http_status": data.status,
        "latency_ms": data.latency_ms,
        "finished_at": event.at,
    }


def _succeeded(event: Event[AnyEvent], data: CallSucceeded) -> dict[str, Any]:
    return {
        "status": "succeeded",
        "response_json": json_of_content(data.output),
        "http_status": data.status,
        "latency_ms": data.latency_ms,
        "finished_at": event.at,
    }


MODEL = ReadModel(name="actions", version=4, tables=("actions",), writes=(ActionRow, ActionsEnded), changes=changes)
