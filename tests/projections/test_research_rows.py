"""What a researcher's step owes, as workers find it: a call that was answered is work no more."""

from uuid import UUID, uuid5

from domain.session.state import Step
from domain.upcasting import Unknown, read_session
from projections.open_work import OpenWorkRow, changes
from projections.ports import Recorded
from tests.domain.simulation import Simulation, simulate
from tests.domain.world import World

STREAM = uuid5(UUID(int=0), "s")


def items_of(run: Simulation) -> list[set[str]]:
    """Return what is open behind each fact with what followed from it."""
    found, items = list[set[str]](), set[str]()
    for row in run.rows:
        event = read_session(row.topic, row.state)
        assert not isinstance(event, Unknown)
        if event.kind == "fact" and row.version > 1:
            found.append(set(items))
        at = Recorded(
            position=row.version,
            stream=STREAM,
            version=row.version,
            topic=row.topic,
            tenant="local",
            event_id=STREAM,
            state=row.state,
        )
        for change in changes(event, at):
            if isinstance(change, OpenWorkRow) and change.gone is not None:
                (items.discard if change.gone else items.add)(change.item)
    return [*found, items]


def answered(step: Step) -> set[str]:
    return {each.call for each in step.gathered}


def test_a_call_that_was_answered_or_not_made_is_work_no_more() -> None:
    run = simulate(World(seed=4, plan=((), ()), researches=True))
    gathered = 0
    for state, items in zip(run.states, items_of(run), strict=True):
        for step in state.steps if state else ():
            assert not items & answered(step)
            gathered += len(step.gathered)
    last = run.states[-1]
    assert last and gathered and any(each.repeats for each in last.steps[0].gathered)
