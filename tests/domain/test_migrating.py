"""Let a session go on with another revision of an API: what is asked or chosen again, and what forbids it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.errors import NotPossible, Stale
from domain.memory.recalling import MemoryUse
from domain.session.commands import GrantApproval, MigrateCatalog, PauseSession, ResumeSession
from domain.session.events import (
    ApprovalRequested,
    BudgetSpent,
    CallRequested,
    CallWithdrawn,
    CatalogMigrated,
    LeaseLapsed,
    MemoriesRecalled,
    ModelRetryScheduled,
    ReworkRequested,
    ToolChosen,
)
from domain.session.planning import pending_model_calls
from tests.domain.story import (
    ASKING,
    CHOSEN,
    IN_FLIGHT,
    INSPECTING,
    JUDGING,
    NOW,
    REQUESTED,
    REVIEWING,
    SESSION,
    TEAM,
    UNKNOWN,
    chooses,
    fits,
    given,
    goal,
    granted,
    plan,
    replied,
    terms,
    verdict,
)
from tests.domain.test_searching import found
from tests.domain.test_shown_plan import claims

WHY = "shop is called as its document dddddddddddd says from here on"


def migrate(**changed: Any) -> MigrateCatalog:
    """Ask for another revision."""
    asked = {"api": "shop", "document": "d" * 64, "catalog": "n" * 64, "before": "c" * 64, "by": "ada"}
    return MigrateCatalog(**{**asked, **changed})


def again(call: str, attempt: int = 2) -> ModelRetryScheduled:
    return ModelRetryScheduled(call=call, attempt=attempt, not_before=NOW, fault="")


def test_the_session_uses_the_new_snapshot_from_then_on() -> None:
    assert given(goal()).ordered(migrate()).session.catalog == "n" * 64


def test_a_planner_is_asked_anew_and_its_late_plan_is_not_used() -> None:
    asked = given(goal()).ordered(migrate()).then(again("plan"))
    asked.when(plan(())).then(BudgetSpent(model_calls=1))


def test_an_agent_is_asked_anew_and_its_late_choice_is_not_used() -> None:
    asked = given(goal(), plan(())).ordered(migrate()).then(again("choose-1-1"))
    asked.when(chooses()).then(BudgetSpent(model_calls=1))


def test_a_review_goes_on_as_it_was_asked_for_until_it_is_asked_anew() -> None:
    """It may name tools: whoever asks, now or when its lease is over, asks with those that it was due with."""
    story = given(*REVIEWING).ordered(migrate()).then()
    (review,) = pending_model_calls(story.session)
    assert story.session.catalog_of(review) == "c" * 64 != story.session.catalog
    story = (
        story.when(claims("review-1-1"))
        .when(LeaseLapsed(call="review-1-1", attempt=1))
        .ordered(migrate(catalog="m" * 64, before="n" * 64))
    )
    (review,) = pending_model_calls(story.session)
    assert story.session.catalog_of(review) == "c" * 64
    (review,) = pending_model_calls(story.when(replied("review-1-1", "no")).session)
    assert (review.attempt, story.session.catalog_of(review)) == (2, "m" * 64)


def test_a_claim_of_an_earlier_release_asks_on_the_revision_that_its_session_uses() -> None:
    story = given(*REVIEWING).ordered(migrate()).when(replace(claims("review-1-1"), settles=False))
    (review,) = pending_model_calls(story.session)
    assert story.session.catalog_of(review) == story.session.catalog == "n" * 64


def test_what_is_looked_for_before_a_question_that_was_asked_anew_in_a_pause_is_shown() -> None:
    """Nobody looked before: the session was paused when its agent was to be asked."""
    narrowed = tuple(replace(each, narrowed=each.role == "executor") for each in TEAM)
    asked = replace(goal(agents=narrowed), memory=MemoryUse())
    story = given(asked, found("plan", "tool_7"), MemoriesRecalled(call="plan", text="t")).ordered(PauseSession())
    story = story.when(plan(())).ordered(migrate()).then(again("choose-1-1")).ordered(ResumeSession())
    story = story.owes("find-choose-1-1").when(found("choose-1-1", "tool_7"))
    story.owes("recall-choose-1-1").when(MemoriesRecalled(call="choose-1-1", text="t")).owes("choose-1-1-m2")


@pytest.mark.parametrize("story", [CHOSEN, JUDGING, ASKING])
def test_what_was_chosen_is_taken_back_and_chosen_again_word_for_word(story: tuple[Any, ...]) -> None:
    before = given(*story)
    moved = before.ordered(migrate())
    choice: Any = before.session.steps[0].stage
    moved.then(
        CallWithdrawn(call="call-1-1", reason=WHY),
        ReworkRequested(step=1, round=2, instructions=WHY),
        ToolChosen(
            step=1,
            call="call-1-2",
            tool="create_order",
            arguments=choice.choice.arguments,
            earlier=terms() if story == ASKING else None,
        ),
    ).owes("check-call-1-2")


def test_an_approval_is_asked_for_again_and_the_old_answer_reaches_nothing() -> None:
    asked = given(*ASKING).ordered(migrate()).when(fits(round=2)).when(verdict("ask", round=2))
    asked.then_only(ApprovalRequested)
    assert (asked.last.supersedes, [each.field for each in asked.last.differences]) == (
        f"{SESSION}-call-1-1",
        ["request_digest"],
    )
    asked.refuses(GrantApproval(approval=f"{SESSION}-call-1-1", by="ada"), NotPossible, "decide on s-1-call-1-2")
    asked.when(granted()).then()
    asked.when(granted(round=2)).then_only(CallRequested)


@pytest.mark.parametrize("story", [REQUESTED, IN_FLIGHT, UNKNOWN])
def test_a_session_stays_while_a_call_is_owed(story: tuple[Any, ...]) -> None:
    given(*story).refuses(migrate(), NotPossible, "call-1-1 was requested")


@pytest.mark.parametrize("story", [INSPECTING, REVIEWING])
def test_a_result_that_is_being_reviewed_stays_as_it_is(story: tuple[Any, ...]) -> None:
    given(*story).ordered(migrate()).then()


def test_a_paused_session_moves_and_owes_nothing_until_it_goes_on() -> None:
    moved = given(*ASKING).ordered(PauseSession()).ordered(migrate()).owes()
    moved.ordered(ResumeSession(), NOW + timedelta(seconds=1)).owes("check-call-1-2")


def test_a_session_moves_once_and_only_from_where_it_was_looked_at() -> None:
    moved = given(*ASKING).ordered(migrate())
    moved.refuses(migrate(), NotPossible, "already")
    given(goal()).refuses(migrate(before="x" * 64), Stale, "try again")


def test_an_ended_session_does_not_move() -> None:
    fact = CatalogMigrated(api="shop", document="d", catalog="n", before="c", by="ada")
    ended = given(goal(agents=()))
    ended.refuses(migrate(), NotPossible, "failed")
    ended.when(fact).then()
