"""What models are asked: derived from the state and the pinned catalogue, the same bytes every time."""

import json

import msgspec

from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent, AgentPatched, AgentRegistered, DocumentRegistered, Tool, ToolsAdded
from domain.catalog.evolve import evolve
from domain.catalog.state import Catalog, Document, Snapshot, may_use
from domain.prompting.fitting import fitted
from domain.prompting.results import EXCERPT
from domain.session.effects import AskModel
from domain.session.events import ArgumentsChecked, Limits
from domain.session.prompt import MOST_TOOLS, closest, prompt
from tests.domain.story import (
    IN_FLIGHT,
    REVIEWING,
    TEAM,
    TOOLSMITH,
    Story,
    chooses,
    given,
    goal,
    looked,
    plan,
    replied,
    reviewed,
    states,
    succeeded,
)


def tool(name: str, description: str = "Do it.") -> Tool:
    return Tool(
        name=name,
        api="shop",
        operation="POST /x",
        document="d",
        description=description,
        effect_class="write",
        repeatable=False,
        parameters=msgspec.Raw(b'{"type":"object"}'),
    )


def shop(*tools: Tool) -> Snapshot:
    document = Document(api="shop", document="d", base_url="http://localhost", tools=tools)
    return Snapshot(agents=tuple(DEFAULT_AGENTS.values()), documents=(document,))


CATALOG = shop(tool("create_order"), tool("list_stock"))


def asked(story: Story, catalog: Snapshot = CATALOG) -> str:
    effect = story.owed()
    assert isinstance(effect, AskModel)
    return prompt(story.session, effect.model, catalog).messages[1].text


def test_the_same_state_gives_the_same_prompt() -> None:
    effect = given(goal()).owed()
    assert isinstance(effect, AskModel)
    first = prompt(given(goal()).session, effect.model, CATALOG)
    assert first.digest() == prompt(given(goal()).session, effect.model, CATALOG).digest()


def test_the_planner_sees_what_each_tool_takes_and_how_to_bind_it() -> None:
    schema = (
        b'{"properties":{"body":{"properties":{"to":{},"note":{}},"required":["to"]},"path":{"properties":{"a/b":{}}}}}'
    )
    text = asked(given(goal()), shop(msgspec.structs.replace(tool("pay"), parameters=msgspec.Raw(schema))))
    assert "takes /body/to (needed), /body/note, /path/a~1b" in text
    assert "word for word" in text


def test_a_session_of_the_first_behaviour_is_asked_for_a_plan_as_it_was() -> None:
    text = asked(given(goal(behaviour=1)), shop(msgspec.structs.replace(tool("pay"), parameters=msgspec.Raw(b"{}"))))
    assert "slots" not in text
    assert "takes" not in text
    assert "word for word" not in text


def test_the_planner_sees_the_goal_the_agents_and_their_tools() -> None:
    text = asked(given(goal()))
    assert "Order what runs low" in text and "- executor (executor)\n    create_order: Do it." in text
    assert text.endswith("TASK purpose=plan step=0 round=1 attempt=1")


def test_an_agent_sees_its_step_its_tools_and_only_the_results_it_waits_for() -> None:
    story = given(goal(), plan((), (), (1,)), states("first!"), looked(), reviewed())
    story = story.when(states("second!", step=2)).when(looked(step=2)).when(reviewed(step=2))
    text = asked(story)
    assert "STEP 3\ndo 3" in text and "first!" in text and "second!" not in text
    assert "create_order (POST /x): Do it.\n  {" in text and text.endswith("purpose=choose step=3 round=1 attempt=1")


def test_an_agent_that_did_it_wrong_reads_why() -> None:
    text = asked(given(*REVIEWING).when(reviewed("rework", "take two")))
    assert "The last round was not right: take two" in text and "step=1 round=2 attempt=1" in text


def test_a_model_that_answered_badly_reads_its_fault() -> None:
    text = asked(given(goal(), replied("plan", "no")))
    assert "YOUR LAST REPLY COULD NOT BE USED\nexpected one JSON object, got none" in text
    assert text.endswith("attempt=2")


def test_a_reviewer_sees_an_excerpt_of_a_long_result() -> None:
    long = succeeded(text='"' + "x" * 9_000 + '"')
    text = asked(given(*IN_FLIGHT, long, looked()))
    assert "RESULT of create_order" in text and "(9002 characters in all)" in text
    assert len(text) < EXCERPT + 2_000


def test_the_answer_is_asked_for_with_the_results() -> None:
    text = asked(given(*REVIEWING, reviewed()))
    assert 'RESULT of step 1 (do 1), from tool:create_order\n{"ok":true}' in text


def test_the_context_of_a_goal_is_shown_word_for_word() -> None:
    story = given(msgspec.structs.replace(goal(), context=msgspec.Raw(b'{"limit": 1.10}')))
    assert 'CONTEXT\n{"limit": 1.10}' in asked(story)


def test_too_many_tools_are_narrowed_to_those_closest_to_the_step() -> None:
    tools = [tool(f"tool_{number}") for number in range(MOST_TOOLS)] + [tool("refund", "Send money back.")]
    shown = closest(tools, "send the money back")
    assert len(shown) == MOST_TOOLS and shown[-1].name == "refund"
    story = given(goal(), plan(()))
    assert f"TOOLS (the {MOST_TOOLS} closest of {MOST_TOOLS + 1})" in asked(story, shop(*tools))
    assert "and 1 more" in asked(given(goal()), shop(*tools))


def test_an_agent_may_use_what_its_patterns_name() -> None:
    def agent(*patterns: str) -> Agent:
        return Agent(id="a", name="A", role="executor", prompt_template="", tools=patterns)

    assert all(may_use(agent(pattern), tool("x"), ()) for pattern in ("*", "shop/*", "x"))
    assert not may_use(agent(), tool("x"), ()) and not may_use(agent("other/*", "y"), tool("x"), ())


def test_a_snapshot_finds_what_it_holds() -> None:
    assert CATALOG.tool("list_stock") and CATALOG.agent("planner") and CATALOG.document("shop")
    assert not CATALOG.tool("x") and not CATALOG.agent("x") and not CATALOG.document("x")


def test_the_catalogue_keeps_the_current_revisions() -> None:
    one = Agent(id="a", name="A", role="executor", prompt_template="one")
    two = msgspec.structs.replace(one, prompt_template="two")
    catalog = evolve(evolve(Catalog(), AgentRegistered(agent=one)), AgentPatched(agent=two))
    assert catalog.agents == {"a": two}


def test_a_documents_tools_replace_those_of_its_earlier_revision() -> None:
    catalog = Catalog()
    for digest, name in (("d1", "old"), ("d2", "new")):
        catalog = evolve(catalog, DocumentRegistered(api="shop", document=digest, base_url="u"))
        catalog = evolve(catalog, ToolsAdded(api="shop", document=digest, tools=(tool(name),)))
    catalog = evolve(catalog, ToolsAdded(api="shop", document="d1", tools=(tool("late"),)))
    assert [known.name for known in catalog.documents["shop"].tools] == ["new"]


def test_what_the_toolsmith_is_asked_fits_into_its_budget_too() -> None:
    found = json.dumps({"id": "A17", "lines": [{"text": "x" * 900} for _ in range(12)]})
    story = given(goal(agents=(*TEAM, TOOLSMITH), limits=Limits(prompt_tokens=600)), plan((), (1,)))
    story = (
        story.when(replied("choose-1-1", json.dumps({"result": found})))
        .when(looked())
        .when(reviewed())
        .when(chooses(step=2))
    )
    story = story.when(ArgumentsChecked(call="call-2-1", operation="POST /x", problems=("/body: expected one",)))
    effect = story.owed()
    assert isinstance(effect, AskModel) and effect.model.purpose == "repair"
    fits = fitted(story.session, effect.model, CATALOG)
    assert fits.strategy in ("fields", "summary", "window") and fits.tokens <= 600
