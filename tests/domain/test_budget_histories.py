"""Whatever happens and wherever a worker dies: nothing is spent that was not reserved, and accounts come out even."""

from hypothesis import Phase, example, settings
from hypothesis import given as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.budget.amounts import KINDS, Amounts, Ceilings, plus
from domain.replay import replay
from domain.session.events import AllotmentReceived, AllotmentRefused, AllotmentReturned, BudgetSpent, Limits
from domain.session.means import OWN_KINDS, reserved, spent
from tests.domain.simulation import Chaos, Simulation, simulate
from tests.domain.story import SESSION
from tests.domain.test_histories import chaos, events_of, lettered, worlds
from tests.domain.world import World

histories = settings(max_examples=300, database=None, phases=(Phase.explicit, Phase.generate))

purses = st.builds(
    Ceilings,
    steps=st.none() | st.integers(0, 4),
    model_calls=st.none() | st.integers(0, 20),
    tool_calls=st.none() | st.integers(0, 6),
    tokens=st.none() | st.integers(0, 3_000),
    money=st.none() | st.integers(0, 30_000),
    wall_ms=st.none() | st.integers(0, 400_000),
)
own = st.builds(
    Limits,
    money=st.none() | st.integers(0, 40_000),
    tokens=st.integers(300, 5_000),
    model_calls=st.integers(0, 30),
    tool_calls=st.integers(0, 8),
    parallel_steps=st.integers(1, 3),
    wall_ms=st.none() | st.integers(0, 10**6),
)


@histories
@examples(worlds | lettered, chaos, own, purses)
@example(World(seed=1), Chaos(), Limits(money=0), Ceilings())
def test_every_metered_history_keeps_its_limits_and_replays(
    world: World, chaos: Chaos, limits: Limits, purse: Ceilings
) -> None:
    run = simulate(world, chaos, limits, purse)
    assert run.state is not None and run.state.ended
    for state in run.states:
        if state is not None and state.meter is not None:
            taken = plus(spent(state), reserved(state))
            for kind in OWN_KINDS:
                limit: int | None = getattr(limits, kind)
                assert limit is None or taken.of(kind) <= limit
    assert not replay(SESSION, run.rows, execute=True).divergences


@histories
@examples(worlds | lettered, chaos, purses)
def test_what_accounts_hand_over_is_settled_once_and_comes_back(world: World, chaos: Chaos, purse: Ceilings) -> None:
    run = simulate(world, chaos, Limits(), purse)
    assert run.account.held == {} and run.account.reserved == Amounts()
    if purse.kinds:
        said = [event.data for event in events_of(run.rows)]
        settled = [event.spent for event in said if isinstance(event, AllotmentReturned)]
        counted = [event for event in said if isinstance(event, BudgetSpent)]
        for kind in set(purse.kinds) - {"wall_ms"}:
            assert sum(amounts.of(kind) for amounts in settled) == sum(getattr(each, kind) for each in counted)
        for kind in KINDS:
            assert run.account.spent.of(kind) == sum(amounts.of(kind) for amounts in settled)


@settings(histories, max_examples=150)
@examples(worlds | lettered, chaos, purses, st.integers(1, 40))
def test_an_account_that_joins_in_the_midst_is_held_to_its_limits_too(
    world: World, chaos: Chaos, purse: Ceilings, join_at: int
) -> None:
    run = simulate(world, replace(chaos, join_at=join_at), Limits(), purse)
    assert run.state is not None and run.state.ended
    assert run.account.held == {} and run.account.reserved == Amounts()
    if run.account.spent != Amounts() and "tool_calls" in purse.kinds:
        assert run.account.spent.tool_calls <= spent(run.state).tool_calls
    assert not replay(SESSION, run.rows, execute=True).divergences


def test_an_account_without_money_pauses_a_session_and_with_more_it_goes_on() -> None:
    run: Simulation = simulate(World(seed=1), Chaos(), Limits(), Ceilings(money=500))
    said = [event.data for event in events_of(run.rows)]
    refused = next(event for event in said if isinstance(event, AllotmentRefused))
    assert refused.reason == (
        "0.001000 needed, but of the limit of 0.000500 of the account tenant only 0.000500 are left"
    )
    assert any(isinstance(event, AllotmentReceived) for event in said[said.index(refused) :])
    assert run.state is not None and run.state.stage.status == "completed"  # type: ignore[union-attr]
