"""What models say: plans, choices, reviews and answers, and what happens when they cannot be used."""

from datetime import timedelta

import pytest

from domain.labels import Label
from domain.session.effects import AskModel
from domain.session.events import (
    BudgetSpent,
    LeaseLapsed,
    Limits,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelRetryScheduled,
    PlannedStep,
    PlanProposed,
    ResultStated,
    ReworkRequested,
    SessionCompleted,
    SessionFailed,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
)
from domain.session.outstanding import claimed_by
from domain.session.state import Ended, Inspecting
from tests.domain.story import (
    CHOSEN,
    INSPECTING,
    LEASE,
    NOW,
    REVIEWING,
    TEAM,
    UNREVIEWED,
    answers,
    chooses,
    fits,
    given,
    goal,
    looked,
    plan,
    replied,
    reviewed,
    states,
)

PAID = BudgetSpent(model_calls=1)


UNLABELLED = Label(sources=("goal", "model:answer"))


def choose(step: int, round: int = 1) -> ModelCallRequested:
    call = f"choose-{step}-{round}"
    return ModelCallRequested(call=call, purpose="choose", agent="executor", recipe="choose.v2", step=step)


def test_a_goal_asks_the_planner_for_a_plan() -> None:
    story = given(goal()).owes("plan-m1")
    story.then(ModelCallRequested(call="plan", purpose="plan", agent="planner", recipe="plan.v2"))


def test_a_goal_without_a_planner_fails_at_once() -> None:
    given(goal(agents=TEAM[1:])).then(SessionFailed(reason="no agent has the role planner")).owes()


def test_a_plan_starts_its_first_steps() -> None:
    steps = (
        PlannedStep(goal="do 1", agent="executor"),
        PlannedStep(goal="do 2", agent="executor", after=(1,)),
    )
    story = given(goal()).when(plan((), (1,)))
    story.then(PAID, PlanProposed(steps=steps), StepStarted(step=1, agent="executor"), choose(1))
    story.owes("choose-1-1-m1")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("I would rather not", "expected one JSON object, got none"),
        ("} {", "expected one JSON object, got none"),
        ('{"steps": []}', "expected 1 to 50 steps, got 0"),
        ('{"steps": [{"goal": 7}]}', "Expected `str`"),
        ('{"steps": [{"goal": "a", "agent": "nobody"}]}', "got 'nobody'"),
        ('{"steps": [{"goal": "a", "after": [1]}]}', "waits for [1]"),
        ('{"steps": [{"goal": "a", "after": [0]}]}', "waits for [0]"),
        ('{"steps": [{"goal": "a", "after": [2]}, {"goal": "b"}]}', "waits for [2]"),
        ('{"steps": [{"goal": "NUL \\u0000"}]}', "no NUL characters"),
        ('{"steps": [{"goal": "half \\ud800 a pair"}]}', "one JSON object of the given form"),
        ('{"steps": ' + "[" * 5000 + "]" * 5000 + "}", "one JSON object of the given form"),
        ('{"steps": "' + "x" * 20_000 + '"}', "the reply is too long"),
    ],
)
def test_a_plan_that_cannot_be_used_is_asked_for_again_with_its_fault(text: str, fault: str) -> None:
    story = given(goal()).when(replied("plan", text)).then_only(BudgetSpent, ModelRetryScheduled).owes("plan-m2")
    asked = story.owed()
    assert isinstance(asked, AskModel) and fault in asked.model.fault


def test_a_text_about_escapes_is_no_nul() -> None:
    story = given(goal()).when(replied("plan", '{"steps": [{"goal": "say \\\\u0000"}]}'))
    assert story.session.steps[0].plan.goal == "say \\u0000"


def test_a_plan_may_be_wrapped_in_prose_and_names_its_predecessors_once() -> None:
    text = 'Sure!\n```json\n{"steps": [{"goal": "a"}, {"goal": "b", "after": [1, 1]}]}\n```'
    story = given(goal()).when(replied("plan", text))
    assert [step.plan.after for step in story.session.steps] == [(), (1,)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "either a tool with arguments or a result"),
        ('{"tool": "t", "result": "r"}', "and not both"),
        ('{"tool": "t", "arguments": [1]}', "expected arguments to be an object"),
        ('{"tool": "t", "arguments": {"n": ' + "9" * 5000 + "}}", "the arguments cannot be used"),
        ('{"tool": "t", "arguments": {"n": 1E+99999999999999999999}}', "the arguments cannot be used"),
    ],
)
def test_a_choice_that_cannot_be_used_is_asked_for_again(text: str, fault: str) -> None:
    story = given(goal(), plan(())).when(replied("choose-1-1", text)).then_only(BudgetSpent, ModelRetryScheduled)
    assert fault in story.last.fault
    story.owes("choose-1-1-m2")


def test_a_choice_keeps_its_arguments_word_for_word_and_their_source() -> None:
    text = '{"tool": "pay", "arguments": {"body": {"sum": 1.10}}}'
    story = given(goal(), plan(())).when(replied("choose-1-1", text)).then_only(BudgetSpent, ToolChosen)
    assert bytes(story.last.arguments.value) == b'{"body": {"sum": 1.10}}'
    assert story.last.arguments.source == "model:choose-1-1"


def test_a_result_stated_without_a_tool_is_reviewed_like_any_other() -> None:
    story = given(goal(), plan(())).when(states("nothing is low")).then_only(BudgetSpent, ResultStated)
    stage = story.owes("inspect-call-1-1").session.steps[0].stage
    assert isinstance(stage, Inspecting) and (stage.tool, stage.source) == ("", "model")


def test_unreadable_replies_are_bounded() -> None:
    story = given(goal(limits=Limits(model_attempts=2))).when(replied("plan", "no"))
    story.when(replied("plan", "still no", attempt=2)).then_only(BudgetSpent, SessionFailed).owes()
    step = given(goal(limits=Limits(model_attempts=1)), plan(())).when(replied("choose-1-1", "no"))
    step.then_only(BudgetSpent, StepFailed, SessionFailed)


def test_a_model_that_cannot_be_asked_is_asked_again_after_a_wait() -> None:
    fault = ModelFailed(call="plan", attempt=1, reason="503", retryable=True, jitter_permille=1000)
    retry = ModelRetryScheduled(call="plan", attempt=2, not_before=NOW + timedelta(milliseconds=200), fault="")
    story = given(goal()).when(fault).then(retry).owes("plan-m2")
    assert story.owed().not_before == retry.not_before
    again = ModelFailed(call="plan", attempt=2, reason="503", retryable=True, jitter_permille=1000)
    assert story.when(again).last.not_before == NOW + timedelta(milliseconds=400)


def test_an_answer_to_an_earlier_attempt_changes_nothing_but_what_was_spent() -> None:
    story = given(goal(), replied("plan", "no"))
    story.when(replied("plan", "late")).then_only(BudgetSpent).owes("plan-m2")
    story.when(ModelFailed(call="plan", attempt=1, reason="late", retryable=True)).then().owes("plan-m2")


def test_a_claimed_question_is_asked_by_nobody_else_until_its_lease_ends() -> None:
    claim = ModelCallAttempted(call="plan", attempt=1, worker="w", lease_until=LEASE)
    story = given(goal()).when(claim).then().owes("lapse-plan-m1")
    assert [effect.id for effect in claimed_by(story.state, "w")] == ["plan-m1"]
    assert claimed_by(story.state, "another") == []
    story.when(LeaseLapsed(call="plan", attempt=1), at=LEASE).then().owes("plan-m1")


def test_a_claim_ends_with_its_attempt() -> None:
    claim = ModelCallAttempted(call="plan", attempt=1, worker="w", lease_until=LEASE)
    story = given(goal(), claim).when(replied("plan", "no")).owes("plan-m2")
    assert claimed_by(story.state, "w") == []


def test_a_model_failure_keeps_the_fault_of_the_last_reply() -> None:
    story = given(goal(), replied("plan", "no")).when(ModelFailed(call="plan", attempt=2, reason="503", retryable=True))
    assert story.last.fault == "expected one JSON object, got none"


def test_a_model_that_will_never_answer_is_given_up_at_once() -> None:
    failed = ModelFailed(call="plan", attempt=1, reason="401", retryable=False)
    given(goal()).when(failed).then(SessionFailed(reason="the model could not be asked: 401")).owes()


def test_model_failures_are_bounded() -> None:
    fault = ModelFailed(call="plan", attempt=1, reason="503", retryable=True)
    again = ModelFailed(call="plan", attempt=2, reason="503", retryable=True)
    given(goal(limits=Limits(model_attempts=2)), fault).when(again).then_only(SessionFailed)


def test_a_reply_that_nobody_waits_for_is_paid_for_and_nothing_else() -> None:
    given(*CHOSEN).when(replied("plan", "late", tokens=9)).then(BudgetSpent(model_calls=1, tokens=9))
    given(*CHOSEN).when(chooses()).then(PAID)
    given(*CHOSEN).when(ModelFailed(call="plan", attempt=1, reason="late", retryable=True)).then()


def test_a_result_with_problems_goes_back_without_asking_the_reviewer() -> None:
    story = given(*INSPECTING).when(looked("blank", "odd"))
    story.then(ReworkRequested(step=1, round=2, instructions="blank; odd"), choose(1, 2)).owes("choose-1-2-m1")


def test_a_sound_result_goes_to_the_reviewer() -> None:
    story = given(*INSPECTING).when(looked())
    story.then(
        ModelCallRequested(call="review-1-1", purpose="review", agent="reviewer", recipe="review.v1", step=1)
    ).owes("review-1-1-m1")


def test_a_team_without_a_reviewer_accepts_what_code_accepts() -> None:
    given(goal(agents=UNREVIEWED), *INSPECTING[1:]).when(looked()).then_only(StepAccepted, ModelCallRequested)


def test_an_accepted_last_step_asks_for_the_answer() -> None:
    answer = ModelCallRequested(call="answer", purpose="answer", agent="planner", recipe="answer.v1")
    given(*REVIEWING).when(reviewed("accept")).then(PAID, StepAccepted(step=1), answer).owes("answer-m1")


def test_a_reviewer_sends_a_step_back_with_its_reason() -> None:
    story = given(*REVIEWING).when(reviewed("rework", "take two"))
    story.then(PAID, ReworkRequested(step=1, round=2, instructions="take two"), choose(1, 2))
    assert story.session.steps[0].round == 2


def test_rework_is_bounded() -> None:
    story = given(goal(limits=Limits(rework_rounds=1)), *REVIEWING[1:], reviewed("rework"))
    again = story.when(states("ok", round=2)).when(looked(round=2)).owes("review-1-2-m1")
    again.when(reviewed("rework", round=2)).then_only(BudgetSpent, StepFailed, SessionFailed).owes()


def test_a_reviewer_may_fail_a_step_for_good() -> None:
    story = given(*REVIEWING).when(reviewed("fail", "made up")).then_only(BudgetSpent, StepFailed, SessionFailed)
    assert story.last.reason == "step 1: the reviewer rejected the result: made up"


def test_an_unreadable_review_is_asked_for_again() -> None:
    story = given(*REVIEWING).when(replied("review-1-1", '{"verdict": "perhaps"}')).owes("review-1-1-m2")
    story.when(replied("review-1-1", '{"verdict": "accept"}', attempt=2)).then_only(
        BudgetSpent, StepAccepted, ModelCallRequested
    )


def test_the_answer_completes_the_session() -> None:
    story = given(*REVIEWING, reviewed()).when(answers("three ordered"))
    story.then(PAID, SessionCompleted(answer="three ordered", label=UNLABELLED)).owes()
    assert story.session.stage == Ended(status="completed", text="three ordered")


def test_an_answer_in_plain_words_is_taken() -> None:
    given(*REVIEWING, reviewed()).when(replied("answer", " It is done. ")).then(
        PAID, SessionCompleted(answer="It is done.", label=UNLABELLED)
    )


@pytest.mark.parametrize("text", ["", '{"reply": "x"}', "y" * 20_000])
def test_an_answer_that_says_nothing_is_asked_for_again(text: str) -> None:
    given(*REVIEWING, reviewed()).when(replied("answer", text)).then_only(BudgetSpent, ModelRetryScheduled)


def test_a_choice_is_made_once() -> None:
    given(*CHOSEN, fits()).when(chooses("other")).then(PAID).owes("judge-call-1-1")
