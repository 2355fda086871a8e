"""Grade sessions that were recorded before anybody thought of grading them: nothing is run, no API is asked."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

from commands.ports import EventStore
from commands.replaying import read_rows
from domain.envelope import Event
from domain.errors import Invalid
from domain.replay import goal_of
from domain.upcasting import read_session
from ops.evaluation.tasks.dataset import Case, Dataset
from ops.evaluation.tasks.grading import Outcome
from ops.evaluation.tasks.outcomes import outcome_of


async def graded(
    store: EventStore, dataset: Dataset, sessions: Sequence[UUID], misfits: Callable[[Any, Any], Sequence[str]]
) -> AsyncIterator[tuple[Case, Outcome]]:
    """Give each session with its case, the one of the same goal, graded; raise Invalid where it has none."""
    by_goal = {case.goal: case for case in dataset.cases}
    if len(by_goal) < len(dataset.cases):
        raise Invalid(f"Expected cases of {dataset.name} with a goal of their own each, by which sessions are theirs.")
    for session in sessions:
        rows = await read_rows(store, session)
        goal = goal_of(rows)
        case = by_goal.get(goal.goal) if goal else None
        if case is None:
            said = goal.goal[:100] if goal else ""
            raise Invalid(f"Expected sessions with a goal of {dataset.name}, but {session} has {said!r}.")
        read = [read_session(row.topic, row.state) for row in rows]
        events = [event.data for event in read if isinstance(event, Event)]
        yield case, outcome_of(case, str(session), events, misfits)
