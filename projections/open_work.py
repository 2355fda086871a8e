"""Show what sessions owe and since when, so that no timer and no lost wake-up is forgotten.

One row an item that a session owes: a model call or a tool call, under its name, and what it owes its accounts. Rows
are only made by consequences, and by facts that are only recorded while they are owed. An ended session draws none but
those of a dead letter that is sent again; late facts change existing rows at most.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, Self, TypeAlias
from uuid import UUID

from msgspec.structs import replace

from domain.envelope import Event
from domain.session.events import (
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    ApprovalRequested,
    ArgumentsChecked,
    BudgetShort,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    DeadLetterResolved,
    DescriptionRequested,
    GoalSubmitted,
    LeaseLapsed,
    Limits,
    ModelCallAttempted,
    ModelCallRequested,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    RepairRequested,
    ResultChecked,
    ResultStated,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    ToolChosen,
    ToolDescribed,
)
from domain.upcasting import AnyEvent
from projections.names import call_id, round_of
from projections.ports import Recorded
from projections.rows import ReadModel, Row

Kind: TypeAlias = Literal["work", "timer", "pause"]

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for a time when only people can move an item on."""
PAUSE = "pause"
ALLOTMENT = "allotment"
"""Something waits for the session's accounts to pay for it."""
RETURN = "return"
"""Accounts handed something over, and are to be told in the end what was spent of it."""
OVERDUE = "overdue"
"""The time for the whole session is bounded."""


class OpenWorkRow(Row, frozen=True, kw_only=True):
    """Be an item; ``gone`` True removes it, False makes it, None changes it where it exists.

    ``position`` says where it was made, so that the end of its session is told from what comes after it.
    A paused session owes its ``timer`` items but not its ``work``; the item ``pause`` says that it is paused.
    """

    NAME: ClassVar = "open_work"
    KEY: ClassVar = ("session_id", "item")

    session_id: UUID
    item: str
    position: int
    gone: bool | None = None
    tenant: str | None = None
    lane: str | None = None
    kind: Kind | None = None
    due_at: datetime | None = None

    def then(self, later: Self) -> Self:
        """Return this change and a later one as one; what is gone is changed no more, only made anew."""
        if later.gone is not None:
            return later
        return self if self.gone else replace(super().then(later), position=self.position)


class OpenWorkEnded(Row, frozen=True, kw_only=True):
    """Order that a session's items are removed that were made before it ended.

    What is in flight is kept until its lease ends.
    """

    NAME: ClassVar = "open_work_ended"
    KEY: ClassVar = ("session_id",)

    session_id: UUID
    position: int
    kept: list[str]


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about what its session owes."""
    data = event.data
    match data:
        case ModelCallRequested(recipe="research.v1", step=step, call=call):
            yield _made(event, row, call, "work", event.at)
            yield _gone(row, call_id(step, round_of(call) - 1))  # its answer is kept, and not checked by itself
        case ModelCallRequested() | DescriptionRequested() | ToolChosen() | ResultStated():
            yield _made(event, row, data.call, "work", event.at)
        case ModelRetryScheduled():
            yield _made(event, row, data.call, "work", data.not_before)
        case ApprovalRequested():
            yield _made(event, row, data.call, "timer", data.expires_at or NEVER)
        case CallRequested():
            yield _made(event, row, data.call, "work", event.at)
        case CallRetryScheduled():
            yield _made(event, row, data.call, "work", data.not_before)
        case CallAttempted() | ModelCallAttempted():
            yield _moved(row, data.call, "timer", data.lease_until)
        case LeaseLapsed():  # consequences say more of tool calls; a question is to be asked again
            yield _moved(row, data.call, "work", event.at)
        case CallDeferred():
            yield _moved(row, data.call, "work", data.until)
        case CallOutcomeUnknown():
            yield _moved(row, data.call, "timer", NEVER)
        case CallSucceeded() | OutcomeReported(outcome="happened"):
            yield _moved(row, data.call, "work", event.at)  # its result is to be checked
        case ArgumentsChecked(problems=problems) if problems:
            yield _gone(row, data.call)
        case CallDeadLettered() | DeadLetterResolved():  # its session has ended, or does in the same breath
            yield _gone(row, data.call)
            yield _moved(row, RETURN, "timer", event.at)
        case ModelReplied() | ToolDescribed() | ResultChecked() | CallWithdrawn() | CallRehearsed():
            yield _gone(row, data.call)
        case ReworkRequested() | RepairRequested():
            yield _gone(row, call_id(data.step, data.round - 1))
        case SessionPaused():
            yield _made(event, row, PAUSE, "pause", NEVER)
        case SessionResumed():
            yield _gone(row, PAUSE)
            yield _moved(row, ALLOTMENT, "work", event.at)
        case SessionFailed() | SessionCancelled() | SessionCompleted():
            in_flight = () if isinstance(data, SessionCompleted) else data.in_flight
            yield _moved(row, RETURN, "timer", event.at)
            yield OpenWorkEnded(session_id=row.stream, position=row.position, kept=[*in_flight, RETURN])
        case _:
            yield from _of_budget(event, row)


def _of_budget(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what changes about what a session owes its accounts, and about the end of its time."""
    match event.data:
        case GoalSubmitted(limits=Limits(wall_ms=int() as wall_ms)):
            yield _made(event, row, OVERDUE, "work", event.at + timedelta(milliseconds=wall_ms))
        case BudgetShort(agent=""):
            yield _made(event, row, ALLOTMENT, "work", event.at)
        case AllotmentRefused(retry_at=None, reopens_at=reopens_at):
            yield _made(event, row, PAUSE, "pause", NEVER)
            if reopens_at:
                yield _moved(row, ALLOTMENT, "timer", reopens_at)
        case AllotmentRefused(retry_at=datetime() as retry_at):
            yield _moved(row, ALLOTMENT, "work", retry_at)
        case AllotmentReceived():
            yield _gone(row, ALLOTMENT)
            yield _made(event, row, RETURN, "timer", NEVER)
        case AllotmentReturned():
            yield _gone(row, RETURN)
        case _:
            return


def _made(event: Event[AnyEvent], row: Recorded, item: str, kind: Kind, due_at: datetime) -> OpenWorkRow:
    return OpenWorkRow(
        session_id=row.stream,
        item=item,
        position=row.position,
        gone=False,
        tenant=row.tenant,
        lane=event.lane,
        kind=kind,
        due_at=due_at,
    )


def _moved(row: Recorded, item: str, kind: Kind, due_at: datetime) -> OpenWorkRow:
    return OpenWorkRow(session_id=row.stream, item=item, position=row.position, kind=kind, due_at=due_at)


def _gone(row: Recorded, item: str) -> OpenWorkRow:
    return OpenWorkRow(session_id=row.stream, item=item, position=row.position, gone=True)


MODEL = ReadModel(
    name="open_work",
    version=1,
    tables=("open_work",),
    writes=(OpenWorkRow, OpenWorkEnded),
    changes=changes,
)
