"""Whether a call may be sent, and what its failure means."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from domain.session.commands import ReportOutcome
from domain.session.effects import SendCall
from domain.session.events import (
    ApprovalRequested,
    ArgumentsChecked,
    BudgetSpent,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallOutcomeUnknown,
    CallRequested,
    CallRetryScheduled,
    Failure,
    Limits,
    ModelCallRequested,
    ReworkRequested,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepFailed,
    ToolChosen,
)
from domain.session.state import Calling, Due, InFlight, Inspecting
from tests.domain.story import (
    CHOSEN,
    IN_FLIGHT,
    JUDGING,
    LEASE,
    NOW,
    REPEATABLE,
    REQUESTED,
    SESSION,
    UNKNOWN,
    Story,
    attempted,
    chooses,
    failed,
    fits,
    given,
    goal,
    key_of,
    lapsed,
    plan,
    request_digest,
    succeeded,
    verdict,
)


def test_a_denied_call_is_never_sent() -> None:
    story = given(*JUDGING).when(verdict("deny", reason="too dear")).then_only(ReworkRequested, ModelCallRequested)
    assert "too dear" in story.session.steps[0].instructions
    assert not any(isinstance(consequence, CallRequested) for consequence in story.consequences)
    story.owes("choose-1-2-m1")


def test_a_verdict_on_another_request_sends_nothing() -> None:
    given(*JUDGING).when(verdict("allow", digest="another")).then_only(ReworkRequested, ModelCallRequested)


def test_an_allowed_call_is_requested_once_with_its_key_and_deadline() -> None:
    story = given(*JUDGING).when(verdict("allow"))
    story.then(
        CallRequested(
            step=1,
            call="call-1-1",
            tool="create_order",
            operation="POST /orders",
            document="doc",
            request_digest=request_digest(),
            idempotency_key=key_of(),
            deadline=NOW + timedelta(minutes=2),
        )
    ).owes("call-1-1-a1")
    story.when(verdict("allow")).then()


def test_a_verdict_that_nobody_waits_for_leads_to_nothing() -> None:
    given(*CHOSEN).when(verdict("allow")).then()


def test_a_chosen_tool_is_checked_before_it_is_judged() -> None:
    story = given(goal(), plan(())).when(chooses()).then_only(BudgetSpent, ToolChosen).owes("check-call-1-1")
    story.when(fits()).then().owes("judge-call-1-1")


def test_arguments_that_do_not_fit_go_back_to_the_agent() -> None:
    misfit = ArgumentsChecked(call="call-1-1", problems=("body.sku is missing",))
    story = given(*CHOSEN).when(misfit).then_only(ReworkRequested, ModelCallRequested)
    assert "body.sku is missing" in story.session.steps[0].instructions


def test_a_claim_is_counted_and_watched_by_its_lease() -> None:
    story = given(*REQUESTED).when(attempted()).then(BudgetSpent(tool_calls=1)).owes("lapse-call-1-1-a1")
    assert story.owed().not_before == LEASE


def test_a_claim_of_an_attempt_that_is_not_due_changes_nothing() -> None:
    assert given(*IN_FLIGHT, attempted(2)).session.steps == given(*IN_FLIGHT).session.steps
    assert given(*REQUESTED, attempted(2)).session.steps == given(*REQUESTED).session.steps
    assert given(*UNKNOWN, attempted(1)).session.steps == given(*UNKNOWN).session.steps


def test_a_success_goes_to_the_review_by_code() -> None:
    story = given(*IN_FLIGHT).when(succeeded()).then().owes("inspect-call-1-1")
    assert isinstance(story.session.steps[0].stage, Inspecting)


@pytest.mark.parametrize("failure", ["not-sent", "rate-limited"])
def test_what_had_no_effect_is_retried_even_if_it_is_a_write(failure: Failure) -> None:
    given(*IN_FLIGHT).when(failed(failure)).then_only(CallRetryScheduled).owes("call-1-1-a2")


@pytest.mark.parametrize("failure", ["unanswered", "server-error"])
def test_a_repeatable_call_is_retried_under_the_same_key(failure: Failure) -> None:
    before = given(*REPEATABLE[:-1]).owed()
    after = given(*REPEATABLE).when(failed(failure)).then_only(CallRetryScheduled).owes("call-1-1-a2").owed()
    assert isinstance(before, SendCall) and isinstance(after, SendCall)
    assert (before.idempotency_key, before.request) == (after.idempotency_key, after.request)


@pytest.mark.parametrize("failure", ["unanswered", "server-error"])
def test_an_unanswered_write_goes_to_a_human(failure: Failure) -> None:
    question = ApprovalRequested(
        approval=f"{SESSION}-outcome-1-1-1",
        question="outcome",
        step=1,
        call="call-1-1",
        request_digest=request_digest(),
        reason="create_order may have happened: trouble",
    )
    unknown = CallOutcomeUnknown(call="call-1-1", attempt=1, reason="trouble")
    given(*IN_FLIGHT).when(failed(failure)).then(unknown, question).owes()


def test_a_lapsed_lease_of_a_write_goes_to_a_human() -> None:
    given(*IN_FLIGHT).when(lapsed(), at=LEASE).then_only(CallOutcomeUnknown, ApprovalRequested).owes()


def test_a_lapsed_lease_of_a_repeatable_call_is_retried() -> None:
    given(*REPEATABLE).when(lapsed(), at=LEASE).then_only(CallRetryScheduled).owes("call-1-1-a2")


def test_a_lapse_after_the_answer_leads_to_nothing() -> None:
    given(*IN_FLIGHT, succeeded()).when(lapsed()).then()


def test_a_rejected_call_goes_back_to_the_agent() -> None:
    story = given(*IN_FLIGHT).when(failed("rejected")).then_only(ReworkRequested, ModelCallRequested)
    assert "create_order refused: trouble" in story.session.steps[0].instructions


def test_a_call_with_a_bad_answer_is_not_repeated() -> None:
    given(*REPEATABLE).when(failed("bad-answer")).then_only(CallDeadLettered, StepFailed, SessionFailed).owes()


def test_retries_end_when_the_attempts_are_used_up() -> None:
    limits = Limits(call_attempts=2)
    story = given(goal(limits=limits), *REPEATABLE[1:]).when(failed("not-sent")).then_only(CallRetryScheduled)
    story.when(attempted(2)).when(failed("not-sent", 2)).then_only(CallDeadLettered, StepFailed, SessionFailed)


def test_retries_end_at_the_deadline() -> None:
    late = NOW + timedelta(minutes=2)
    story = given(*REPEATABLE).when(failed("not-sent"), at=late)
    story.then_only(CallDeadLettered, StepFailed, SessionFailed)
    assert "no time left" in story.last.reason


def test_the_wait_before_a_retry_grows_with_the_recorded_jitter() -> None:
    def waits(jitter: int) -> list[timedelta]:
        story, found = given(*REPEATABLE), []
        for attempt in (1, 2, 3):
            story = story.when(failed("not-sent", attempt, jitter=jitter))
            found.append(story.last.not_before - NOW)
            story = story.when(attempted(attempt + 1))
        return found

    assert waits(0) == [timedelta(milliseconds=ms) for ms in (100, 200, 400)]
    assert waits(1000) == [timedelta(milliseconds=ms) for ms in (200, 400, 800)]
    assert all(later > earlier for earlier, later in pairwise(waits(500)))


def test_a_servers_own_wish_to_wait_is_honoured() -> None:
    story = given(*IN_FLIGHT).when(failed("rate-limited", retry_after_ms=7_000))
    assert story.last.not_before == NOW + timedelta(seconds=7)


def test_an_open_breaker_defers_a_call_and_keeps_its_attempt() -> None:
    until = NOW + timedelta(seconds=15)
    story = given(*REQUESTED).when(CallDeferred(call="call-1-1", reason="open", until=until)).then()
    assert story.owes("call-1-1-a1").owed().not_before == until


def test_a_call_deferred_beyond_its_deadline_is_given_up() -> None:
    until = NOW + timedelta(minutes=3)
    story = given(*REQUESTED).when(CallDeferred(call="call-1-1", reason="open", until=until))
    story.then_only(CallDeadLettered, StepFailed, SessionFailed).owes()


def test_a_deferral_never_ends_a_call_in_flight() -> None:
    until = NOW + timedelta(minutes=3)
    story = given(*IN_FLIGHT).when(CallDeferred(call="call-1-1", reason="open", until=until)).then()
    stage = story.session.steps[0].stage
    assert isinstance(stage, Calling) and isinstance(stage.phase, InFlight)


def test_a_late_answer_to_an_earlier_attempt_still_counts() -> None:
    story = given(*REPEATABLE, lapsed()).when(succeeded(1)).then().owes("inspect-call-1-1")
    assert story.session.late_answers == 0


def test_a_second_answer_is_recorded_as_late() -> None:
    story = given(*REPEATABLE, lapsed(), attempted(2), succeeded(1)).when(succeeded(2)).then()
    assert story.session.late_answers == 1
    story.owes("inspect-call-1-1")


def test_a_late_failure_of_an_earlier_attempt_leads_to_nothing() -> None:
    story = given(*REPEATABLE, lapsed(), attempted(2)).when(failed("server-error", 1)).then()
    stage = story.session.steps[0].stage
    assert isinstance(stage, Calling) and isinstance(stage.phase, InFlight) and stage.phase.attempt == 2


def test_a_late_failure_does_not_take_the_question_from_the_human() -> None:
    given(*UNKNOWN).when(failed("not-sent", 1)).then()


def test_the_key_of_another_round_is_another_key() -> None:
    again = given(*JUDGING, verdict("deny"), chooses(round=2), fits(round=2)).when(verdict(round=2))
    assert again.last.idempotency_key == key_of(1, 2) != key_of(1, 1)
    stage = again.session.steps[0].stage
    assert isinstance(stage, Calling) and stage.phase == Due(attempt=1, not_before=NOW)


def deadline_of(story: Story) -> datetime:
    send = story.owed()
    assert isinstance(send, SendCall)
    return send.deadline


def test_a_rejection_after_an_attempt_that_may_have_happened_goes_to_a_human() -> None:
    story = given(*REPEATABLE).when(failed("unanswered")).when(attempted(2))
    story.when(failed("rejected", 2)).then_only(CallOutcomeUnknown, ApprovalRequested).owes()


def test_a_rejection_after_an_attempt_that_was_never_sent_goes_back_to_the_agent() -> None:
    story = given(*REPEATABLE).when(failed("not-sent")).when(attempted(2))
    story.when(failed("rejected", 2)).then_only(ReworkRequested, ModelCallRequested)


def test_a_call_whose_deadline_passed_is_given_up_unsent() -> None:
    expired = CallExpired(call="call-1-1", attempt=1)
    given(*REQUESTED).when(expired).then_only(CallDeadLettered, StepFailed, SessionFailed).owes()
    given(*IN_FLIGHT).when(expired).then()


def test_a_pause_gives_an_owed_call_its_time_back() -> None:
    hours = timedelta(hours=5)
    story = given(*REQUESTED).when(SessionPaused()).when(SessionResumed(), at=NOW + hours)
    assert deadline_of(story) == NOW + timedelta(minutes=2) + hours


def test_a_human_who_asks_to_send_again_gives_the_call_new_time() -> None:
    report = ReportOutcome(approval=f"{SESSION}-outcome-1-1-1", by="ada", outcome="send-again")
    story = given(*UNKNOWN).ordered(report, at=NOW + timedelta(hours=9))
    assert deadline_of(story) == NOW + timedelta(hours=9, minutes=2)


def test_a_verdict_under_other_rules_than_the_session_pinned_sends_nothing() -> None:
    judged = replace(verdict("allow"), policy_set="another")
    given(*JUDGING).when(judged).then_only(ReworkRequested, ModelCallRequested)


def test_a_human_who_says_that_nothing_happened_ends_the_doubt() -> None:
    doubted = given(*REPEATABLE).when(failed("unanswered")).when(attempted(2)).when(failed("rejected", 2))
    again = ReportOutcome(approval=f"{SESSION}-outcome-1-1-2", by="ada", outcome="send-again")
    story = doubted.ordered(again).when(attempted(3)).when(failed("rejected", 3))
    story.then_only(ReworkRequested, ModelCallRequested)
