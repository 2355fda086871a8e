"""What a question shows of the plan stays as it was claimed, whatever ends or is revised before the answer comes."""

from datetime import timedelta

from msgspec.structs import replace

from domain.prompting.fitting import fitted
from domain.session.derived import asked as built
from domain.session.events import LeaseLapsed, Limits, ModelCallAttempted, ModelFailed
from domain.session.planning import pending_model_call, pending_model_calls
from domain.session.prompt import prompt
from domain.session.shown_plan import so_far
from domain.session.state import ModelCall
from tests.domain.story import NOW, RESEARCHER, TEAM, Story, given, goal, looked, plan, replied, reviewed, states
from tests.domain.test_researching import CATALOG

FAILS = '{"verdict": "fail", "reason": "no"}'


def claims(call: str, worker: str = "w") -> ModelCallAttempted:
    until = NOW + timedelta(seconds=60)
    return ModelCallAttempted(call=call, attempt=1, worker=worker, lease_until=until, settles=True)


def asked(story: Story, call: str) -> str:
    """Return what a question says by now, claimed or not."""
    model, _ = pending_model_call(story.session, call)
    assert model is not None
    return prompt(story.session, model, CATALOG).messages[1].text


def question(story: Story) -> ModelCall:
    (model,) = [each for each in pending_model_calls(story.session) if each.purpose == "replan"]
    return model


def failed() -> Story:
    """Begin a story whose first step failed, and whose second runs while another way is looked for."""
    story = given(goal(limits=Limits(replans=1)), plan((), ()))
    story = story.when(states("one")).when(states("two", step=2)).when(looked(step=1)).when(looked(step=2))
    return story.when(replied("review-1-1", FAILS))


def test_a_claimed_question_for_another_way_stays_the_same_when_other_steps_end() -> None:
    story = failed().when(claims("replan-1"))
    before = asked(story, "replan-1")
    story = story.when(reviewed(step=2))
    assert "2. do 2: done" in so_far(story.session)
    assert asked(story, "replan-1") == before and "2. do 2: runs" in before


def test_one_that_nobody_claimed_shows_how_far_the_plan_is() -> None:
    assert "2. do 2: done" in asked(failed().when(reviewed(step=2)).when(claims("replan-1")), "replan-1")


def test_the_next_attempt_shows_how_far_the_plan_is_by_then() -> None:
    story = failed().when(claims("replan-1")).when(reviewed(step=2))
    story = story.when(ModelFailed(call="replan-1", attempt=1, reason="503", retryable=True))
    assert "2. do 2: done" in asked(story, "replan-1")


def test_whoever_asks_again_in_a_lapsed_lease_asks_the_same() -> None:
    """The first worker may still bring its answer, and that belongs to the same question."""
    story = failed().when(claims("replan-1"))
    before = asked(story, "replan-1")
    story = story.when(LeaseLapsed(call="replan-1", attempt=1)).when(reviewed(step=2))
    assert asked(story.when(claims("replan-1", worker="x")), "replan-1") == before


def test_whoever_asks_again_shows_earlier_results_as_whoever_asked_first() -> None:
    """Another release may choose otherwise; the next attempt is its own."""
    first = replace(claims("replan-1"), strategy="summary")
    story = failed().when(first).when(LeaseLapsed(call="replan-1", attempt=1))
    assert fitted(story.session, question(story), CATALOG).strategy == "summary"
    story = story.when(ModelFailed(call="replan-1", attempt=1, reason="503", retryable=True))
    assert fitted(story.session, question(story), CATALOG).strategy == ""


def test_a_claim_of_an_earlier_release_changes_nothing_of_what_was_due() -> None:
    """Its worker asked what it had seen when that fell due, whatever had ended before its claim was recorded."""
    claim = replace(claims("replan-1"), settles=False)
    story = failed().when(reviewed(step=2)).when(claim)
    assert built(claim, story.session, {story.session.catalog: CATALOG}) is None


def test_a_researcher_who_is_asked_is_told_nothing_of_a_plan_revised_meanwhile() -> None:
    steps = '{"steps": [{"goal": "find out", "agent": "researcher"}, {"goal": "order it", "agent": "executor"}]}'
    binding = """{"steps": [{"goal": "tell her", "agent": "executor", "tool": "look", "after": [1],
        "slots": [{"argument": "/body/sku", "step": 1, "pointer": "/findings/0"}]}]}"""
    story = given(goal(agents=(*TEAM, RESEARCHER), limits=Limits(replans=1)), replied("plan", steps))
    story = story.when(states("two", step=2)).when(looked(step=2)).when(replied("review-2-1", FAILS))
    story = story.when(claims("choose-1-1"))
    before = asked(story, "choose-1-1")
    story = story.when(replied("replan-1", binding))
    assert asked(story, "choose-1-1") == before
    model, step = pending_model_call(story.session, "choose-1-1")
    assert model is not None and step is not None and len(story.session.steps) == 3
    unclaimed = prompt(story.session, replace(model, plan=None), CATALOG).messages[1].text
    assert "THE PLAN READS FROM YOUR FINDINGS\n- /findings/0 for /body/sku of look" in unclaimed
