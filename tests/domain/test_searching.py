"""Where an agent may use more tools than a prompt shows, they are looked for, and what was found is a fact."""

from msgspec.structs import replace

from domain.catalog.defaults import EXECUTOR, RESEARCHER, REVIEWER
from domain.catalog.state import Snapshot
from domain.session.effects import AskModel, FindTools
from domain.session.events import FoundFor, FoundTool, ToolsFound
from domain.session.prompt import prompt
from domain.session.searching import LEAST_SHOWN, MOST_SEARCHED, MOST_SHOWN, most_shown, needs_search
from tests.domain.story import TEAM, Story, given, goal, looked, plan, replied, reviewed, states
from tests.domain.test_prompt import shop, tool

MANY = [tool(f"tool_{number}") for number in range(MOST_SHOWN + 1)]
NARROWED = tuple(replace(each, narrowed=each.role == "executor") for each in TEAM)


def found(call: str, *names: str, agent: str = "executor") -> ToolsFound:
    tools = tuple(FoundTool(name=name, score=1000) for name in names)
    return ToolsFound(call=call, text="t", method="words.v1", found=(FoundFor(agent=agent, tools=tools),))


def search(story: Story) -> FindTools:
    effect = story.owed()
    assert isinstance(effect, FindTools)
    return effect


def text_of(story: Story, catalog: Snapshot) -> str:
    effect = story.owed()
    assert isinstance(effect, AskModel)
    return prompt(story.session, effect.model, catalog).messages[1].text


PLANNED = given(goal(agents=NARROWED)).when(found("plan", "tool_7")).when(plan(()))


def test_only_who_may_use_more_than_a_prompt_shows_has_its_tools_looked_for() -> None:
    assert needs_search(EXECUTOR, shop(*MANY)) and not needs_search(EXECUTOR, shop(*MANY[1:]))
    assert not needs_search(REVIEWER, shop(*MANY)) and not needs_search(RESEARCHER, shop(*MANY)), "it may use none"


def test_a_small_catalogue_costs_no_event() -> None:
    given(goal()).owes("plan-m1")
    given(goal(), plan(())).owes("choose-1-1-m1")


def test_tools_are_looked_for_before_the_planner_plans() -> None:
    story = given(goal(agents=NARROWED)).owes("find-plan")
    assert (search(story).agents, search(story).text) == (("executor",), "Order what runs low")
    story.when(found("plan", "tool_7")).then().owes("plan-m1")


def test_tools_are_looked_for_before_a_step_chooses_by_what_it_is_to_reach() -> None:
    story = PLANNED.owes("find-choose-1-1")
    assert (search(story).text, search(story).most) == ("do 1", MOST_SHOWN)
    story.when(found("choose-1-1", "tool_7")).owes("choose-1-1-m1")


def test_a_question_shows_what_was_found_the_best_first_and_nothing_else() -> None:
    text = text_of(PLANNED.when(found("choose-1-1", "tool_30", "tool_7")), shop(*MANY))
    assert f"TOOLS (the 2 closest of {MOST_SHOWN + 1})\n- tool_30 (" in text
    assert text.index("tool_30") < text.index("tool_7 (") and "tool_8" not in text


def test_the_planner_is_shown_what_was_found() -> None:
    text = text_of(given(goal(agents=NARROWED)).when(found("plan", "tool_30")), shop(*MANY))
    assert f"- executor (executor)\n    tool_30: Do it.\n    and {MOST_SHOWN} more" in text


def test_a_reply_that_cannot_be_used_asks_again_with_the_same_tools() -> None:
    story = PLANNED.when(found("choose-1-1", "tool_7")).when(replied("choose-1-1", "no")).owes("choose-1-1-m2")
    assert "- tool_7 (" in text_of(story, shop(*MANY))


def test_a_second_round_looks_again_with_what_was_wrong() -> None:
    story = PLANNED.when(found("choose-1-1", "tool_7")).when(states("x")).when(looked()).when(reviewed("rework", "two"))
    assert search(story.owes("find-choose-1-2")).text == "do 1\ntwo"


def test_what_was_found_for_a_question_that_is_over_changes_nothing() -> None:
    later = PLANNED.when(found("plan", "tool_9")).when(found("choose-4-1", "tool_9"))
    assert replace(later.session, updated_at=PLANNED.session.updated_at) == PLANNED.session


def test_a_long_goal_is_looked_for_by_its_beginning() -> None:
    story = given(replace(goal(agents=NARROWED), goal="x" * 30_000))
    assert len(search(story).text) == MOST_SEARCHED


def test_many_agents_share_the_room_in_a_plan() -> None:
    assert (most_shown(1), most_shown(4), most_shown(100)) == (MOST_SHOWN, MOST_SHOWN // 4, LEAST_SHOWN)
    everybody = tuple(replace(each, narrowed=True) for each in TEAM)
    assert search(given(goal(agents=everybody))).agents == tuple(each.id for each in everybody)
