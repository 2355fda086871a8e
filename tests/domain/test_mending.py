"""A call that failed for its arguments goes to the toolsmith once, and only then back to the agent that chose it."""

import pytest

from domain.session.events import (
    ArgumentsChecked,
    BudgetSpent,
    CallFailed,
    Failure,
    Limits,
    ModelCallRequested,
    ModelFailed,
    ModelRetryScheduled,
    RepairRequested,
    ReworkRequested,
    SessionFailed,
    StepFailed,
    ToolChosen,
)
from tests.domain.story import (
    TEAM,
    TOOLSMITH,
    Story,
    attempted,
    chooses,
    fits,
    given,
    goal,
    plan,
    replied,
    verdict,
)

MENDED = '{"tool": "create_order", "arguments": {"body": {"sku": "mug"}}}'


def misfit(round_: int = 1, operation: str = "POST /orders") -> ArgumentsChecked:
    """Let the arguments of a round make no request."""
    return ArgumentsChecked(call=f"call-1-{round_}", operation=operation, problems=("/body/sku: expected a text",))


def chosen(limits: Limits | None = None) -> Story:
    """Begin a story whose only step has chosen its call."""
    return given(goal(agents=(*TEAM, TOOLSMITH), limits=limits or Limits()), plan(()), chooses())


def refused(status: int, failure: Failure = "rejected") -> CallFailed:
    """Let the tool refuse the call."""
    return CallFailed(call="call-1-1", attempt=1, failure=failure, reason="sku is unknown", status=status)


def test_arguments_that_do_not_fit_go_to_the_toolsmith_with_what_is_wrong() -> None:
    story = chosen().when(misfit())
    story.then(
        RepairRequested(
            step=1,
            round=2,
            tool="create_order",
            problem="the arguments do not fit: /body/sku: expected a text",
        ),
        ModelCallRequested(call="repair-1-2", purpose="repair", agent="toolsmith", recipe="repair.v1", step=1),
    )
    broken = story.session.steps[0].broken
    assert broken is not None and (broken.call, broken.tool) == ("call-1-1", "create_order")


def test_what_the_toolsmith_says_is_its_own_word_and_checked_like_any_choice() -> None:
    story = chosen().when(misfit()).when(replied("repair-1-2", MENDED))
    story.then_only(BudgetSpent, ToolChosen).owes("check-call-1-2")
    assert story.last.arguments.source == "model:repair-1-2"


def test_a_mended_call_that_fails_again_goes_back_to_its_agent() -> None:
    story = chosen().when(misfit()).when(replied("repair-1-2", MENDED)).when(misfit(2))
    story.then_only(ReworkRequested, ModelCallRequested)
    assert (story.last.call, story.last.agent) == ("choose-1-3", "executor")


def test_every_failure_of_a_choice_of_the_agent_is_reflected_on_once() -> None:
    story = chosen().when(misfit()).when(replied("repair-1-2", MENDED)).when(misfit(2)).when(chooses(round=3))
    assert story.when(misfit(3)).last.call == "repair-1-4"


def test_the_rounds_of_the_toolsmith_take_none_from_the_agent() -> None:
    story = chosen(Limits(rework_rounds=1))
    story = story.when(misfit()).when(replied("repair-1-2", MENDED)).when(misfit(2)).when(chooses(round=3))
    story.when(misfit(3)).then_only(StepFailed, SessionFailed)


@pytest.mark.parametrize("answer", ['{"result": "no sku is known"}', "model-fault"])
def test_a_toolsmith_without_an_answer_leaves_it_to_the_agent(answer: str) -> None:
    story = chosen().when(misfit())
    if answer == "model-fault":
        story = story.when(ModelFailed(call="repair-1-2", attempt=1, reason="none", retryable=False))
    else:
        story = story.when(replied("repair-1-2", answer))
    assert isinstance(story.last, ModelCallRequested)
    assert (story.last.call, story.last.agent) == ("choose-1-2", "executor")


def test_a_toolsmith_that_takes_another_tool_is_asked_again() -> None:
    other = MENDED.replace("create_order", "delete_order")
    chosen().when(misfit()).when(replied("repair-1-2", other)).then_only(BudgetSpent, ModelRetryScheduled)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_that_says_what_is_wrong_is_mended(status: int) -> None:
    story = chosen().when(fits()).when(verdict()).when(attempted()).when(refused(status))
    story.then_only(RepairRequested, ModelCallRequested)
    assert "sku is unknown" in story.consequences[0].problem  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [401, 403, 405, 410])
def test_a_refusal_of_whoever_asks_is_not_mended(status: int) -> None:
    story = chosen().when(fits()).when(verdict()).when(attempted()).when(refused(status))
    story.then_only(ReworkRequested, ModelCallRequested)


def test_no_tool_of_that_name_is_not_for_the_toolsmith() -> None:
    chosen().when(misfit(operation="")).then_only(ReworkRequested, ModelCallRequested)


def test_a_team_without_a_toolsmith_sends_steps_back_as_before() -> None:
    given(goal(), plan(()), chooses()).when(misfit()).then_only(ReworkRequested, ModelCallRequested)


def test_a_toolsmith_that_never_has_an_answer_keeps_no_step_alive() -> None:
    story, rounds = chosen(Limits(rework_rounds=2)), 1
    while not isinstance(story.last, SessionFailed):
        story = story.when(misfit(rounds))
        if isinstance(story.last, ModelCallRequested):
            rounds += 1
            story = story.when(replied(story.last.call, '{"result": "no sku is known"}')).when(chooses(round=rounds))
    assert rounds == 3
