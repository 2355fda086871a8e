"""Which steps run: dependencies, room for parallel ones, and the session's limits."""

import pytest
from msgspec.structs import replace

from domain.budget.limits import used_up
from domain.session.events import (
    BudgetSpent,
    CallDeadLettered,
    CallRequested,
    Limits,
    ModelCallRequested,
    SessionCompleted,
    SessionFact,
    SessionFailed,
    StepAccepted,
    StepFailed,
)
from tests.domain.story import (
    JUDGING,
    REVIEWING,
    UNREVIEWED,
    Story,
    answers,
    attempted,
    chooses,
    failed,
    fits,
    given,
    goal,
    looked,
    plan,
    replied,
    reviewed,
    states,
    succeeded,
    verdict,
)


def team(*, parallel: int = 4, **limits: int) -> SessionFact:
    return goal(agents=UNREVIEWED, limits=Limits(parallel_steps=parallel, **limits))


def done(story: Story, step: int) -> Story:
    return story.when(states("ok", step=step)).when(looked(step=step))


def test_independent_steps_run_side_by_side() -> None:
    given(team(), plan((), (), ())).owes("choose-1-1-m1", "choose-2-1-m1", "choose-3-1-m1")


def test_a_step_waits_for_all_its_predecessors() -> None:
    story = done(given(team(), plan((), (), (1, 2))), 2).then(StepAccepted(step=2)).owes("choose-1-1-m1")
    done(story, 1).owes("choose-3-1-m1")


def test_no_more_steps_run_than_there_is_room_for() -> None:
    story = given(team(parallel=2), plan((), (), (), ())).owes("choose-1-1-m1", "choose-2-1-m1")
    story = done(story, 2).owes("choose-1-1-m1", "choose-3-1-m1")
    assert story.session.open == (1, 3)
    done(story, 3).owes("choose-1-1-m1", "choose-4-1-m1")


def test_one_acceptance_may_start_several_steps() -> None:
    done(given(team(), plan((), (1,), (1,))), 1).owes("choose-2-1-m1", "choose-3-1-m1")


def test_the_answer_is_asked_for_when_the_last_step_is_accepted() -> None:
    story = done(given(team(), plan((), ())), 1).then(StepAccepted(step=1))
    done(story, 2).then_only(StepAccepted, ModelCallRequested).owes("answer-m1")


def test_a_step_that_fails_ends_the_session_and_all_its_work() -> None:
    story = given(team(model_attempts=1), plan((), ())).when(replied("choose-2-1", "no"))
    assert story.last == SessionFailed(
        reason="step 2: the model's reply could not be used: expected one JSON object, got none"
    )
    story.owes()


def test_what_was_spent_is_summed() -> None:
    story = given(goal(), plan((), tokens=5), chooses(tokens=7), fits(), verdict(), attempted())
    assert story.session.spent == BudgetSpent(model_calls=2, tool_calls=1, tokens=12)


def test_a_used_up_limit_ends_the_session_before_the_next_call() -> None:
    story = given(goal(limits=Limits(tokens=10))).when(plan((), tokens=10))
    story.then(
        BudgetSpent(model_calls=1, tokens=10),
        SessionFailed(reason="the limit of 10 tokens is used up", limit="tokens"),
    ).owes()


def test_no_model_is_asked_beyond_the_limit() -> None:
    given(goal(limits=Limits(model_calls=0))).then_only(SessionFailed).owes()


def test_no_tool_is_called_beyond_the_limit() -> None:
    given(goal(limits=Limits(tool_calls=0)), *JUDGING[1:]).when(verdict()).then(
        SessionFailed(reason="the limit of 0 tool calls is used up", limit="tool_calls")
    )


def test_no_retry_is_made_beyond_the_limit() -> None:
    story = given(goal(limits=Limits(tool_calls=1)), *JUDGING[1:], verdict(), attempted()).when(failed("not-sent"))
    story.then_only(CallDeadLettered, StepFailed, SessionFailed).owes()
    assert story.last == SessionFailed(reason="the limit of 1 tool calls is used up", limit="tool_calls")


def test_the_last_permitted_call_is_still_reviewed_and_answered() -> None:
    story = given(goal(limits=Limits(tool_calls=1, model_calls=5)), *JUDGING[1:]).when(verdict())
    story.then_only(CallRequested).when(attempted()).when(succeeded()).when(looked()).owes("review-1-1-m1")


def test_a_limit_that_is_just_reached_fails_nothing_that_is_already_won() -> None:
    story = given(goal(limits=Limits(model_calls=4)), *REVIEWING[1:], reviewed("accept"))
    story.when(answers()).then_only(BudgetSpent, SessionCompleted)


@pytest.mark.parametrize(("name", "words"), [("model_calls", "model calls"), ("tokens", "tokens")])
def test_only_the_needed_limits_count(name: str, words: str) -> None:
    limits, spent = replace(Limits(), **{name: 1}), replace(BudgetSpent(), **{name: 1})
    assert used_up(limits, spent, [name]) == f"the limit of 1 {words} is used up"
    assert used_up(limits, spent, ["tool_calls"]) == ""
