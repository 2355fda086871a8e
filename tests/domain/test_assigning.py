"""Each step of a plan goes to an agent that may use its tool; what nobody may do is said to the planner."""

from msgspec.structs import replace

from domain.agents import AgentLimits
from domain.catalog.events import Agent, Tool
from domain.catalog.state import Document, Snapshot
from domain.session.assigning import Assignment, assigned, assignment
from domain.session.events import PlannedStep, Reassigned
from tests.domain.story import given, goal
from tests.domain.test_prompt import tool


def agent(name: str, *tools: str, role: str = "clerk") -> Agent:
    return Agent(id=name, name=name, role=role, prompt_template="", tools=tools)


def api(name: str, *tools: Tool) -> Document:
    named = tuple(replace(each, api=name) for each in tools)
    return Document(api=name, document="d", base_url="http://localhost", tools=named, scopes=(name,))


BUYER, MAILER = agent("buyer", "shop/*"), agent("mailer", "send_mail")
DOCUMENTS = (api("shop", tool("create_order")), api("mail", tool("send_mail"), tool("drop_mail")))


def of(
    *steps: tuple[str, str], agents: tuple[Agent, ...] = (BUYER, MAILER), limits: AgentLimits | None = None
) -> Assignment:
    """Return what becomes of steps, each an agent and a tool."""
    state = given(goal()).session
    pinned = [replace(state.agents[0], id=each.id, role=each.role, limits=limits) for each in agents]
    plan = [PlannedStep(goal="do it", agent=who, tool=what) for who, what in steps]
    return assignment(replace(state, agents=tuple(pinned)), plan, Snapshot(agents=agents, documents=DOCUMENTS))


def test_a_step_stays_with_an_agent_that_may_use_its_tool() -> None:
    assert of(("buyer", "create_order"), ("mailer", "send_mail")) == Assignment()


def test_a_step_whose_agent_may_not_goes_to_the_one_that_may() -> None:
    swapped = of(("mailer", "create_order"), ("buyer", "send_mail"))
    assert swapped.problems == ()
    assert swapped.reassigned == (
        Reassigned(step=1, agent="buyer", named="mailer"),
        Reassigned(step=2, agent="mailer", named="buyer"),
    )
    plan = assigned([PlannedStep(goal="x", agent="mailer"), PlannedStep(goal="y", agent="buyer")], swapped.reassigned)
    assert [step.agent for step in plan] == ["buyer", "mailer"]


def test_who_names_a_tool_is_meant_before_who_may_use_everything() -> None:
    everybody = (agent("all", "*", role="executor"), BUYER, agent("other", "*"))
    assert of(("planner", "create_order"), agents=everybody).reassigned[0].agent == "buyer"
    assert of(("buyer", "send_mail"), agents=everybody).reassigned[0].agent == "all"


def test_what_nobody_may_use_is_refused_in_words_for_the_planner() -> None:
    assert of(("buyer", "drop_mail")).problems == (
        "step 1: no agent may use drop_mail, so leave it out, or reach the goal with tools that are shown",
    )


def test_where_several_are_there_for_a_tool_the_planner_must_say_which() -> None:
    two = (MAILER, agent("one", "shop/*"), agent("two", "create_order"))
    assert of(("mailer", "create_order"), agents=two).problems == (
        "step 1: mailer may not use create_order: name one of those that may, one, two",
    )


def test_an_effect_or_a_scope_keeps_a_tool_from_who_names_it() -> None:
    reading, foreign = replace(BUYER, effects=("read",)), replace(BUYER, id="foreign", scopes=("mail",))
    assert "no agent may use create_order" in of(("buyer", "create_order"), agents=(reading, foreign)).problems[0]
    scoped = replace(BUYER, scopes=("mail", "shop"), effects=("read", "write"))
    assert of(("buyer", "create_order"), agents=(scoped,)) == Assignment()


def test_a_step_without_a_known_tool_is_left_as_it_is() -> None:
    assert of(("buyer", ""), ("buyer", "unheard_of")) == Assignment()


def test_no_agent_is_given_more_steps_than_its_own_limit() -> None:
    given_two = of(("buyer", "create_order"), ("mailer", "create_order"), limits=AgentLimits(steps=1))
    assert given_two.problems == ("buyer may be given at most 1 of a plan's steps, but is given 2",)
