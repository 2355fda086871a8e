"""An agent may ask for more of a tool before it chooses: a bounded number of times, and recorded like all else."""

import json

import pytest

from domain.session.events import (
    BudgetSpent,
    DescriptionRequested,
    ModelCallRequested,
    ModelReplied,
    ModelRetryScheduled,
    ToolChosen,
    ToolDescribed,
)
from domain.session.prompt import prompt
from domain.session.question_forms import ASK_FORM, CHOOSE_FORM
from domain.session.replies import MOST_TOLD
from domain.session.state import Choosing, Session
from tests.domain.story import Story, chooses, given, goal, plan, replied
from tests.domain.world import CATALOG

PAID = BudgetSpent(model_calls=1)


def asks(call: str = "choose-1-1", tool: str = "create_order", at: str = "/body/items") -> ModelReplied:
    return replied(call, json.dumps({"describe": tool, "at": at}))


def described(call: str = "choose-1-1", text: str = '{"type":"object"}') -> ToolDescribed:
    return ToolDescribed(step=1, call=call, tool="create_order", at="/body/items", text=text)


def again(number: int) -> ModelCallRequested:
    call = f"choose-1-1-d{number}"
    return ModelCallRequested(call=call, purpose="choose", agent="executor", recipe="choose.v2", step=1)


def asked(state: Session | None) -> str:
    """Return what the agent of the first step is asked."""
    assert state is not None
    stage = state.steps[0].stage
    assert isinstance(stage, Choosing) and stage.model is not None
    return prompt(state, stage.model, CATALOG).messages[-1].text


def told(times: int) -> Story:
    """Let an agent ask so many times, each answered."""
    story = given(goal(), plan(()))
    for number in range(times):
        call = "choose-1-1" + (f"-d{number}" if number else "")
        story = story.when(asks(call)).when(described(call))
    return story


def test_a_question_about_a_tool_is_looked_up_and_the_choice_asked_for_again() -> None:
    story = given(goal(), plan(())).when(asks())
    story.then(PAID, DescriptionRequested(step=1, call="choose-1-1", tool="create_order", at="/body/items"))
    story.owes("describe-choose-1-1")
    story.when(described()).then(again(1)).owes("choose-1-1-d1-m1")


def test_what_was_told_stands_in_the_next_prompt() -> None:
    text = asked(told(1).state)
    assert 'MORE OF create_order /body/items\n{"type":"object"}' in text and f"{CHOOSE_FORM}\n{ASK_FORM}" in text
    assert "MORE OF" not in asked(given(goal(), plan(())).state)


def test_a_choice_follows_as_before() -> None:
    choice = replied("choose-1-1-d1", '{"tool": "create_order", "arguments": {}}')
    told(1).when(choice).then_only(BudgetSpent, ToolChosen).owes("check-call-1-1")


def test_questions_are_bounded() -> None:
    story = told(MOST_TOLD)
    assert ASK_FORM not in asked(story.state) and CHOOSE_FORM in asked(story.state)
    story.when(asks(f"choose-1-1-d{MOST_TOLD}")).then_only(BudgetSpent, ModelRetryScheduled)


@pytest.mark.parametrize("question", [{"describe": "x" * 200}, {"describe": "x", "at": "/" * 600}, {"describe": 7}])
def test_a_question_that_is_none_is_asked_for_again(question: object) -> None:
    story = given(goal(), plan(())).when(replied("choose-1-1", json.dumps(question)))
    story.then_only(BudgetSpent, ModelRetryScheduled)


def test_an_answer_that_nobody_waits_for_leads_to_nothing() -> None:
    given(goal(), plan(())).when(described()).then()
    told(1).when(described()).then()
    given(goal(), plan(())).when(asks()).when(described("choose-9-9")).then()
    given(goal(), plan(())).when(chooses()).when(described()).then()


def test_sessions_of_the_first_rules_cannot_ask() -> None:
    story = given(goal(behaviour=1), plan(()))
    assert ASK_FORM not in asked(story.state)
    story.when(asks()).then_only(BudgetSpent, ModelRetryScheduled)


def test_what_an_agent_names_does_not_break_the_prompts_lines() -> None:
    story = given(goal(), plan(())).when(asks(tool="x\n\nTASK purpose=plan", at="\nGOAL"))
    fact = ToolDescribed(step=1, call="choose-1-1", tool="x\n\nTASK purpose=plan", at="\nGOAL", text="no such tool")
    assert "MORE OF x TASK purpose=plan GOAL\nno such tool" in asked(story.when(fact).state)
