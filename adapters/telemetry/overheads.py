"""Measure what a step costs beside models, tools, people and chosen waits, from the events of this process.

A step that another process began is left out. A wait for a person ends here with the next attempt, because the answer
may have come in elsewhere.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
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
        match data:
            case StepStarted(step=step):
                self._begin((session, step), at)
            case StepAccepted(step=step) | StepFailed(step=step):
                clock = self._clocks.pop((session, step), None)
                return clock.overhead(at) if clock else None
            case ApprovalRequested(step=step):
                if clock := self._clocks.get((session, step)):
                    clock.waiting = at
            case (
                ModelCallAttempted() | ModelReplied() | ModelFailed() | ModelRetryScheduled()
                | CallAttempted() | CallSucceeded() | CallFailed() | CallRetryScheduled() | CallDeferred()
            ):  # fmt: skip
                if clock := self._clocks.get((session, step_of(data.call))):
                    _elsewhere(clock, data, at)
            case _:
                pass
        return None

    def _begin(self, step: tuple[UUID, int], at: datetime) -> None:
        self._clocks[step] = Clock(begun=at)
        if len(self._clocks) > MOST_STEPS:
            self._clocks.popitem(last=False)


def _elsewhere(clock: Clock, data: SessionEvent, at: datetime) -> None:
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
            pass
