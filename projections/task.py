"""Show tasks: one row a step of a session's plan."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from msgspec.structs import replace

from domain.encoding import Json, foreign
from domain.envelope import Event
from domain.session.events import (
    ApprovalRequested,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    PlannedStep,
    PlanProposed,
    PlanRevised,
    RepairRequested,
    ResultStated,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionFailed,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
)
from domain.upcasting import AnyEvent
from projections.foreign import json_of, json_of_content
from projections.names import round_of, step_of, task_id
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class TaskRow(Row, frozen=True, kw_only=True):
    """Be a task; of several outputs that of the latest round stands."""

    NAME: ClassVar = "tasks"
    KEY: ClassVar = ("id",)

    id: str
    session_id: UUID
    step: int
    updated_at: datetime
    version: int
    position: int
    tenant: str | None = None
    agent_id: str | None = None
    goal: str | None = None
    criteria: str | None = None
    after: list[int] | None = None
    status: str | None = None
    round: int | None = None
    input_json: Json | None = None
    output_json: Json | None = None
    output_round: int | None = None
    reason: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def then(self, later: Self) -> Self:
        """Return this change and a later one as one; a late answer of an earlier round does not replace another."""
        one = super().then(later)
        if (self.output_round or 0) <= (later.output_round or 0):
            return one
        return replace(one, output_json=self.output_json, output_round=self.output_round)


LEFT_OUT = "the rest of the plan was planned anew"


class TasksEnded(Row, frozen=True, kw_only=True):
    """Order that a session's unfinished tasks are cancelled, because it ended."""

    NAME: ClassVar = "tasks_ended"
    KEY: ClassVar = ("session_id",)

    session_id: UUID
    finished_at: datetime
    position: int


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about its session's tasks."""
    match event.data:
        case PlanProposed(steps=steps):
            for number, plan in enumerate(steps, 1):
                yield _row(event, row, number, **_planned(event, row, plan))
        case PlanRevised(steps=steps, first=first, changed=changed, removed=removed):
            for number, plan in enumerate(steps, first):
                yield _row(event, row, number, **_planned(event, row, plan))
            for number in (*removed, *(each.step for each in changed)):
                yield _row(event, row, number, status="cancelled", reason=LEFT_OUT, finished_at=event.at)
        case StepStarted(step=step):
            yield _row(event, row, step, status="running", started_at=event.at)
        case ToolChosen(step=step, call=call, tool=tool, arguments=arguments):
            chosen = foreign({"tool": tool, "arguments": json_of(arguments.value)})
            yield _row(event, row, step, input_json=chosen, round=round_of(call))
        case ApprovalRequested(step=step):
            yield _row(event, row, step, status="waiting")
        case CallRequested(step=step):
            yield _row(event, row, step, status="running")
        case CallRetryScheduled(call=call, letter=""):  # the replay of a dead letter revives no step
            yield _row(event, row, step_of(call), status="running")
        case CallSucceeded(call=call, output=output):
            yield _row(event, row, step_of(call), output_json=json_of_content(output), output_round=round_of(call))
        case ResultStated(step=step, call=call, output=output):
            stated = {"output_json": json_of_content(output), "output_round": round_of(call)}
            yield _row(event, row, step, round=round_of(call), **stated)
        case CallRehearsed(step=step, call=call, output=output):
            yield _row(event, row, step, output_json=json_of_content(output), output_round=round_of(call))
        case (
            ReworkRequested(step=step, round=round_, instructions=instructions)
            | RepairRequested(step=step, round=round_, problem=instructions)
        ):
            yield _row(event, row, step, status="running", round=round_, reason=instructions)
        case StepAccepted(step=step):
            yield _row(event, row, step, status="completed", finished_at=event.at)
        case StepFailed(step=step, reason=reason):
            yield _row(event, row, step, status="failed", reason=reason, finished_at=event.at)
        case SessionCompleted() | SessionFailed() | SessionCancelled():
            yield TasksEnded(session_id=row.stream, finished_at=event.at, position=row.position)
        case _:
            return


def _row(event: Event[AnyEvent], row: Recorded, step: int, **columns: Any) -> TaskRow:
    return TaskRow(
        id=task_id(row.stream, step),
        session_id=row.stream,
        step=step,
        updated_at=event.at,
        version=row.version,
        position=row.position,
        **columns,
    )


def _planned(event: Event[AnyEvent], row: Recorded, plan: PlannedStep) -> dict[str, Any]:
    return {
        "tenant": row.tenant,
        "agent_id": plan.agent,
        "goal": plan.goal,
        "criteria": plan.criteria,
        "after": list(plan.after),
        "status": "pending",
        "round": 1,
        "created_at": event.at,
    }


MODEL = ReadModel(name="tasks", version=1, tables=("tasks",), writes=(TaskRow, TasksEnded), changes=changes)
