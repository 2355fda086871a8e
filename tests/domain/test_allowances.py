"""No agent uses more of a session than it may; where that is used up, its step fails or goes to others."""

from collections import Counter

import pytest
from hypothesis import Phase, example, settings
from hypothesis import given as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agents import AgentLimits
from domain.budget.amounts import Amounts, Ceilings
from domain.replay import replay
from domain.session import events as said
from domain.session.allowances import allowance_problems
from domain.session.decide import BEHAVIOUR
from domain.session.effects import AskModel
from domain.session.means import payable
from domain.session.outstanding import outstanding
from domain.session.using import KINDS, used_by
from tests.domain.simulation import WORKING, Chaos, Simulation, simulate
from tests.domain.story import (
    LEASE,
    RESEARCHER,
    SESSION,
    TEAM,
    TOOLSMITH,
    Story,
    chooses,
    failed,
    fits,
    given,
    goal,
    plan,
    replied,
    succeeded,
    verdict,
)
from tests.domain.test_histories import chaos, events_of, given_up, lettered, worlds
from tests.domain.world import World

own = st.builds(
    AgentLimits,
    model_calls=st.none() | st.integers(0, 6),
    tool_calls=st.none() | st.integers(0, 4),
    tokens=st.none() | st.integers(0, 1_500),
)
budgets = st.builds(said.Limits, parallel_steps=st.integers(1, 3), replans=st.integers(0, 2))
purses = st.just(Ceilings()) | st.builds(Ceilings, tokens=st.integers(0, 3_000), money=st.none() | st.just(9_000))


@settings(max_examples=60, database=None, phases=(Phase.explicit, Phase.generate))
@examples(worlds | lettered, chaos, budgets, purses, own)
@example(World(seed=1), Chaos(), said.Limits(), Ceilings(), AgentLimits(tool_calls=0))
@example(
    given_up(seed=252, tool="keyed", failures=["not-sent", *3 * ["server-error"]], decisions=["replay"]),
    Chaos(workers=2, stalls=(150, 4, 93, 50), pause_at=24, cancel_at=70, migrate_at=24),
    said.Limits(parallel_steps=1, replans=2),
    Ceilings(tokens=147, money=9_000),
    AgentLimits(tool_calls=3),
)
@example(World(seed=2), Chaos(workers=2), said.Limits(parallel_steps=3), Ceilings(), AgentLimits(model_calls=1))
def test_whatever_happens_no_agent_uses_more_than_it_may_and_it_replays(
    world: World, chaos: Chaos, limits: said.Limits, purse: Ceilings, own: AgentLimits
) -> None:
    run = simulate(world, chaos, limits, purse, own)
    assert run.state is not None and run.state.ended
    for agent in WORKING:
        made = attempts(run, agent)
        for kind in KINDS:
            limit: int | None = getattr(own, kind)
            assert limit is None or made[kind] <= limit
            assert limit is None or all(used_by(state, agent).of(kind) <= limit for state in run.states if state)
    assert not replay(SESSION, run.rows, execute=True).divergences


def attempts(run: Simulation, agent: str) -> Counter[str]:
    """Count what an agent used by what the log says was sent for it, but for what people had sent again."""
    made: Counter[str] = Counter()
    others: set[str] = set()
    for event in events_of(run.rows):
        match event.data:
            case said.DeadLetterReplayed(call=call):
                others.add(call)
            case said.ModelCallRequested(call=call) if event.data.agent != agent:
                others.add(call)
            case said.ToolChosen(call=call, step=step) if given_to(run, step) != agent:
                others.add(call)
            case said.CallAttempted(call=call) if call not in others:
                made["tool_calls"] += 1
            case said.CallFailed(call=call, failure="not-sent" | "rate-limited") if call not in others:
                made["tool_calls"] -= 1
            case said.ModelCallAttempted(call=call) if call not in others:
                made["model_calls"] += 1
            case said.ModelFailed(call=call, uncertain=False) if call not in others:
                made["model_calls"] -= 1
            case said.ModelReplied(call=call, tokens_in=tokens_in, tokens_out=tokens_out) if call not in others:
                made["tokens"] += tokens_in + tokens_out
    return made


def given_to(run: Simulation, step: int) -> str:
    """Name the agent of a step."""
    assert run.state is not None
    return run.state.steps[step - 1].plan.agent


def team(limits: AgentLimits, of: str = "executor") -> list[said.PinnedAgent]:
    return [replace(each, limits=limits) if each.id == of else each for each in (*TEAM, TOOLSMITH)]


def due(story: Story, call: str, *, tokens: int = 0, attempt: int = 1) -> Story:
    """Let a worker claim what is due, as far as the session lets it."""
    needed = Amounts(model_calls=1, tokens=tokens) if tokens else Amounts(tool_calls=1)
    kind = said.ModelCallAttempted if tokens else said.CallAttempted
    claim = kind(call=call, attempt=attempt, worker="w", lease_until=LEASE, reserved=needed)
    return story.when(payable(story.session, claim))


def calling(limits: AgentLimits, *, replans: int = 0) -> Story:
    begun = given(goal(agents=team(limits), limits=said.Limits(replans=replans)), plan((), (1,)))
    return begun.when(chooses()).when(fits(repeatable=True)).when(verdict())


def test_a_call_beyond_an_agents_own_limit_is_taken_back_and_its_step_fails() -> None:
    story = due(calling(AgentLimits(tool_calls=0)), "call-1-1")
    reason = "executor's own limit of 0 tool calls leaves 0 tool calls, but a call that may take 1 tool calls is due"
    story.then(
        said.CallWithdrawn(call="call-1-1", reason=reason),
        said.StepFailed(step=1, reason=reason),
        said.SessionFailed(reason=f"step 1: {reason}"),
    )


def test_the_planner_may_give_the_rest_to_others_and_is_told_why() -> None:
    story = due(calling(AgentLimits(tool_calls=0), replans=1), "call-1-1")
    assert story.consequences[2:] == (
        said.ReplanRequested(step=1, kind="allowance"),
        said.ModelCallRequested(call="replan-1", purpose="replan", agent="planner", recipe="replan.v1"),
    )
    story.owes("replan-1-m1")


def test_a_call_that_was_sent_before_and_may_not_be_again_goes_to_people() -> None:
    sent = due(calling(AgentLimits(tool_calls=1)), "call-1-1").when(failed("server-error"))
    story = due(sent, "call-1-1", attempt=2)
    story.then_only(said.CallDeadLettered, said.StepFailed, said.SessionFailed)
    assert "executor's own limit of 1 tool calls leaves 0" in story.session.letters[0].reason


def test_where_the_toolsmith_may_not_be_asked_the_steps_own_agent_is() -> None:
    misfit = said.ArgumentsChecked(call="call-1-1", operation="POST /orders", document="d", problems=("no",))
    begun = given(goal(agents=team(AgentLimits(model_calls=0), of="toolsmith")), plan(())).when(chooses()).when(misfit)
    story = due(begun, "repair-1-2", tokens=10)
    (asked,) = story.consequences
    assert isinstance(asked, said.ModelCallRequested) and (asked.call, asked.agent) == ("choose-1-2", "executor")


def test_a_planner_that_may_not_be_asked_ends_the_session_plainly() -> None:
    story = due(given(goal(agents=team(AgentLimits(tokens=9), of="planner"))), "plan", tokens=10)
    (failed,) = story.consequences
    assert isinstance(failed, said.SessionFailed) and "planner's own limit of 9 tokens leaves 9 tokens" in failed.reason


def test_a_question_waits_for_another_that_may_take_less_than_was_reserved() -> None:
    begun = given(goal(agents=team(AgentLimits(tokens=100))), plan((), ()))
    asked = due(begun, "choose-1-1", tokens=80)
    assert [each.id for each in outstanding(asked.session) if isinstance(each, AskModel)] == []
    answered = asked.when(replied("choose-1-1", '{"tool": "create_order"}', tokens=20))
    assert used_by(answered.session, "executor") == Amounts(model_calls=1, tokens=20)
    assert [each.id for each in outstanding(answered.session) if isinstance(each, AskModel)] == ["choose-2-1-m1"]


RESEARCH = '{"steps": [{"goal": "find out", "agent": "researcher"}]}'


def researching(limits: AgentLimits, *, behaviour: int = BEHAVIOUR) -> Story:
    """Let a researcher make one call, as far as its limits let it."""
    agents = [*TEAM, replace(RESEARCHER, limits=limits)]
    story = given(goal(agents=agents, behaviour=behaviour), replied("plan", RESEARCH))
    story = due(story, "choose-1-1", tokens=10).when(chooses()).when(fits(repeatable=True)).when(verdict())
    return due(story, "call-1-1").when(succeeded())


@pytest.mark.parametrize("limits", [AgentLimits(tool_calls=1), AgentLimits(model_calls=2)])
def test_a_researcher_whose_limits_leave_no_more_says_what_it_found(limits: AgentLimits) -> None:
    story = researching(limits)
    (asked,) = story.consequences[-1:]
    assert isinstance(asked, said.ModelCallRequested) and asked.recipe == "conclude.v1"
    story = due(story, "choose-1-2", tokens=10)
    another = story.when(chooses(round=2))
    assert "state what you found" in another.last.fault
    found = '{"findings": [{"claim": "It is there.", "calls": ["call-1-1"]}]}'
    assert isinstance(story.when(replied("choose-1-2", found)).last, said.ResultStated)


@pytest.mark.parametrize(
    ("limits", "behaviour"),
    [(AgentLimits(tool_calls=2), BEHAVIOUR), (AgentLimits(model_calls=3), BEHAVIOUR), (AgentLimits(tool_calls=1), 2)],
)
def test_one_whose_limits_leave_more_goes_on(limits: AgentLimits, behaviour: int) -> None:
    assert researching(limits, behaviour=behaviour).last.recipe == "research.v1"


def test_nobody_is_given_more_steps_than_its_limits_leave_calls_for() -> None:
    session = given(goal(agents=team(AgentLimits(tool_calls=1)))).session
    steps = [said.PlannedStep(goal="x", agent="executor", tool="create_order")] * 2
    assert list(allowance_problems(session, steps)) == [
        "executor is given 2 steps, which take at least 2 tool calls, but its own limit of 1 tool calls leaves 1: "
        "give them to others"
    ]
    assert list(allowance_problems(session, steps[:1])) == []
