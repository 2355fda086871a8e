"""Whatever comes between the calls of a researcher's step, it keeps to its limits and is what a replay says."""

import os
from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from domain.encoding import encode
from domain.replay import replay, state_digest
from domain.reviewing.claims import claims_of
from domain.session.events import CallRequested, Limits, ModelCallRequested
from domain.session.state import Accepted, Ended, Inspecting, Reviewing, Session
from tests.domain.simulation import Chaos, Simulation, simulate
from tests.domain.story import SESSION
from tests.domain.test_histories import chaos, events_of, outcome, seeds, troubles
from tests.domain.world import FATAL, LETTERS, PASSING, REWORKED, World

HISTORIES = int(os.environ.get("REPRISE_HISTORIES", "30"))
"""How many histories each property is tried on: as many as take a few seconds, or as the environment says."""
histories = settings(max_examples=HISTORIES, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
worlds = st.builds(
    World,
    seed=seeds,
    troubles=troubles(*PASSING, *REWORKED, *FATAL, *LETTERS),
    filtered=st.booleans(),
    remembers=st.booleans(),
    mends=st.booleans(),
    researches=st.just(True),
)
limits = st.builds(
    Limits,
    parallel_steps=st.integers(1, 3),
    research_calls=st.integers(1, 5),
    tool_calls=st.integers(1, 6) | st.just(500),
    replans=st.integers(0, 1),
)


@histories
@examples(worlds, chaos, limits)
def test_every_history_with_researchers_keeps_its_limits_and_replays(
    world: World, chaos: Chaos, limits: Limits
) -> None:
    run = simulate(world, chaos, limits)
    found = replay(SESSION, run.rows, execute=True)
    assert not found.divergences and found.state_digest == found.replay_digest == state_digest(run.state)
    assert [encode(event) for event in events_of(run.rows)] == [row.state for row in run.rows]
    for state in run.states:
        assert_within(state, limits)
    requested = [event.data for event in events_of(run.rows) if isinstance(event.data, CallRequested)]
    asked = Counter(event.data.call for event in events_of(run.rows) if isinstance(event.data, ModelCallRequested))
    assert set(Counter(each.call for each in requested).values()) <= {1} and set(asked.values()) <= {1}


def assert_within(state: Session | None, limits: Limits) -> None:
    """Expect no more calls than the limit, none answered twice, and no claim that rests on a call that is not there."""
    for step in state.steps if state else ():
        answered = [each.request_digest for each in step.gathered if not each.repeats]
        assert len(step.gathered) <= limits.research_calls and len(set(answered)) == len(answered)
        if isinstance(step.stage, Inspecting | Reviewing | Accepted) and not step.stage.tool and step.number % 2:
            assert state is not None
            given = (state.steps[number - 1] for number in step.plan.after)
            calls = {each.call for other in (step, *given) for each in other.gathered if not each.repeats}
            calls |= {other.stage.call for other in state.steps if isinstance(other.stage, Accepted)}
            assert {call for claim in claims_of(step.stage.output.text) for call in claim.calls} <= calls


one_by_one = st.builds(World, seed=seeds, troubles=troubles(*PASSING, *REWORKED), researches=st.just(True))


@histories
@examples(one_by_one, st.integers(1, 3), st.lists(st.integers(0, 10**6), min_size=1, max_size=2))
def test_a_crash_between_any_two_appends_of_a_researchers_step_ends_the_same(
    world: World, parallel: int, points: list[int]
) -> None:
    run = partial(simulate, world, limits=Limits(parallel_steps=parallel, research_calls=3))
    calm = run()
    assert outcome(run(Chaos(crashes=tuple(1 + point % calm.ticks for point in points)))) == outcome(calm)


@pytest.mark.parametrize("seed", [2])
def test_a_crash_at_every_single_point_of_a_researchers_step_ends_the_same(seed: int) -> None:
    world = World(seed=seed, troubles=(*PASSING, *REWORKED), plan=((), (1,)), researches=True)
    calm = simulate(world, limits=Limits(research_calls=3))
    assert gathered(calm) > 0 and calm.state is not None and isinstance(calm.state.stage, Ended)
    for tick in range(1, calm.ticks + 1):
        assert outcome(simulate(world, Chaos(crashes=(tick,)), Limits(research_calls=3))) == outcome(calm)


def gathered(run: Simulation) -> int:
    """Count the calls that researchers made."""
    return sum(len(step.gathered) for step in run.state.steps) if run.state else 0
