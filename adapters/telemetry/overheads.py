"""Measure what a step costs beside models, tools, people and chosen waits, from the events of this process.

A step that another process began is left out. A wait for a person ends here with the next attempt, because the answer
may have come in elsewhere.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, TypeGuard, assert_never, get_args
from uuid import UUID

from domain.envelope import Event
from domain.session.events import (
    ApprovalRequested,
    CallAttempted,
    CallDeferred,
    CallFailed,
    CallRetryScheduled,
    CallSucceeded,
    ModelCallAttempted,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    SessionEvent,
    StepAccepted,
    StepFailed,
    StepStarted,
)
from projections.names import step_of

MOST_STEPS = 10_000
ZERO = timedelta(0)

StepEvent: TypeAlias = StepStarted | ApprovalRequested | StepAccepted | StepFailed
CallEvent: TypeAlias = (
    ModelCallAttempted
    | ModelReplied
    | ModelFailed
    | ModelRetryScheduled
    | CallAttempted
    | CallSucceeded
    | CallFailed
    | CallRetryScheduled
    | CallDeferred
)
# Looked up by type, for most events are neither, and asking a Struct's class takes a third of a microsecond a time.
STEPS = frozenset(get_args(StepEvent))
CALLS = frozenset(get_args(CallEvent))
TIMED = STEPS | CALLS


@dataclass
class Clock:
    """Time one step: since when it runs, how much of that was spent elsewhere, and since when that may go on."""

    begun: datetime
    elsewhere: timedelta = ZERO
    attempted: datetime | None = None
    waiting: datetime | None = None

    def go_on(self, at: datetime) -> None:
        """Note that whatever was waited for has come."""
        self.elsewhere += at - self.waiting if self.waiting else ZERO
        self.waiting = None

    def overhead(self, at: datetime) -> float:
        """Return the seconds that are left for us when the step ends."""
        self.go_on(at)
        return max(0.0, (at - self.begun - self.elsewhere).total_seconds())


class Overheads:
    """Follow the steps that this process began."""

    def __init__(self) -> None:
        self._clocks: OrderedDict[tuple[UUID, int], Clock] = OrderedDict()

    def take(self, session: UUID, event: Event[SessionEvent]) -> float | None:
        """Take an event in and return a step's overhead in seconds where it ends one."""
        data, at = event.data, event.at
        if _is_call(data):
            if clock := self._clocks.get((session, step_of(data.call))):
                _elsewhere(clock, data, at)
        elif _is_step(data):
            return self._take_step(session, data, at)
        return None

    def _take_step(self, session: UUID, data: StepEvent, at: datetime) -> float | None:
        step = session, data.step
        match data:
            case StepStarted():
                self._begin(step, at)
            case ApprovalRequested():
                if clock := self._clocks.get(step):
                    clock.waiting = at
            case StepAccepted() | StepFailed():
                ended = self._clocks.pop(step, None)
                return ended.overhead(at) if ended else None
            case _:
                assert_never(data)
        return None

    def _begin(self, step: tuple[UUID, int], at: datetime) -> None:
        self._clocks[step] = Clock(begun=at)
        if len(self._clocks) > MOST_STEPS:
            self._clocks.popitem(last=False)


def _elsewhere(clock: Clock, data: CallEvent, at: datetime) -> None:
    match data:
        case ModelCallAttempted() | CallAttempted():
            clock.go_on(at)
            clock.attempted = at
        case ModelReplied(latency_ms=took) | CallSucceeded(latency_ms=took) | CallFailed(latency_ms=took):
            clock.elsewhere += timedelta(milliseconds=took)
        case ModelFailed():  # says nothing of how long it took
            clock.elsewhere += at - (clock.attempted or at)
        case ModelRetryScheduled(not_before=later) | CallRetryScheduled(not_before=later) | CallDeferred(until=later):
            clock.go_on(at)
            clock.elsewhere += max(ZERO, later - at)
        case _:
            assert_never(data)


def _is_step(data: SessionEvent) -> TypeGuard[StepEvent]:
    return type(data) in STEPS


def _is_call(data: SessionEvent) -> TypeGuard[CallEvent]:
    return type(data) in CALLS
