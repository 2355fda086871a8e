"""What people decide: approvals, unknown outcomes, pause, resume and cancel."""

from datetime import timedelta

import pytest

from domain.errors import Invalid, NotFound, NotPossible, Stale
from domain.session.admit import open_approvals
from domain.session.commands import (
    CancelSession,
    DenyApproval,
    GrantApproval,
    PauseSession,
    ReportOutcome,
    ResumeSession,
    SubmitGoal,
)
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalRequested,
    BudgetSpent,
    CallDeadLettered,
    CallRequested,
    CallRetryScheduled,
    Limits,
    ModelCallRequested,
    OutcomeReported,
    ReworkRequested,
    SessionCancelled,
    SessionFailed,
    StepFailed,
    ToolChosen,
)
from domain.session.state import Ended, Inspecting
from tests.domain.story import (
    ASKING,
    IN_FLIGHT,
    JUDGING,
    NOW,
    REPEATABLE,
    REQUESTED,
    SESSION,
    TEAM,
    UNKNOWN,
    Story,
    answers,
    attempted,
    chooses,
    fits,
    given,
    goal,
    granted,
    looked,
    plan,
    request_digest,
    reviewed,
    succeeded,
    terms,
    verdict,
)

APPROVAL = f"{SESSION}-call-1-1"
OUTCOME = f"{SESSION}-outcome-1-1-1"
TOMORROW = NOW + timedelta(days=1)
SUBMIT = SubmitGoal(
    session=SESSION, goal="g", user="ada", model="scripted:test", agents=TEAM, catalog="c", policy_set="p"
)


def test_a_call_that_needs_approval_waits_for_a_human() -> None:
    story = given(*JUDGING).when(verdict("ask", reason="it writes"))
    story.then(
        ApprovalRequested(
            approval=APPROVAL,
            question="call",
            step=1,
            call="call-1-1",
            request_digest=request_digest(),
            reason="it writes",
            expires_at=TOMORROW,
            terms=terms(),
            proof=terms().proof,
        )
    ).owes(f"expire-{APPROVAL}")


def test_an_approved_call_is_requested() -> None:
    story = given(*ASKING).ordered(GrantApproval(approval=APPROVAL, by="ada")).then_only(CallRequested)
    story.owes("call-1-1-a1")


def test_a_human_who_saw_another_request_is_refused() -> None:
    given(*ASKING).refuses(GrantApproval(approval=APPROVAL, by="ada", request_digest="old"), Stale, "read the approval")


def test_an_approval_of_another_request_sends_nothing() -> None:
    story = given(*ASKING).when(granted(digest="another")).then_only(ReworkRequested, ModelCallRequested)
    assert story.session.steps[0].instructions == "the approval was for another request"


def test_a_call_that_a_human_denied_is_never_sent() -> None:
    story = given(*ASKING).ordered(DenyApproval(approval=APPROVAL, by="ada", reason="no")).owes()
    story.then_only(StepFailed, SessionFailed)


def test_an_approval_that_nobody_answers_expires() -> None:
    given(*ASKING).when(ApprovalExpired(approval=APPROVAL), at=TOMORROW).then_only(StepFailed, SessionFailed).owes()


def test_an_answer_after_the_expiry_is_refused() -> None:
    given(*ASKING).refuses(GrantApproval(approval=APPROVAL, by="ada"), NotPossible, "expired", at=TOMORROW)


def test_an_approval_is_answered_once() -> None:
    given(*ASKING, granted()).refuses(GrantApproval(approval=APPROVAL, by="bob"), NotFound, "was answered")
    given(*ASKING, granted()).when(granted()).then()
    given(*ASKING, granted()).when(ApprovalDenied(approval=APPROVAL, by="bob")).then()


def test_an_unknown_approval_is_refused() -> None:
    given(*ASKING).refuses(DenyApproval(approval="other", by="ada"), NotFound, "other was answered, overtaken")


def test_an_approval_given_after_the_end_changes_nothing() -> None:
    given(*ASKING).ordered(CancelSession()).when(granted()).then().owes()


@pytest.mark.parametrize("command", [GrantApproval(approval=OUTCOME, by="a"), DenyApproval(approval=OUTCOME, by="a")])
def test_an_unknown_outcome_cannot_be_approved_or_denied(command: GrantApproval | DenyApproval) -> None:
    given(*UNKNOWN).refuses(command, NotPossible, "happened, send-again or give-up")


def test_an_outcome_cannot_be_reported_of_a_call_that_was_not_sent() -> None:
    given(*ASKING).refuses(ReportOutcome(approval=APPROVAL, by="a", outcome="happened"), NotPossible, "approve or deny")


def test_a_call_that_happened_goes_on_to_its_review() -> None:
    story = given(*UNKNOWN).ordered(ReportOutcome(approval=OUTCOME, by="ada", outcome="happened")).then()
    stage = story.owes("inspect-call-1-1").session.steps[0].stage
    assert isinstance(stage, Inspecting) and stage.source == "human:ada"


def test_a_write_is_sent_again_only_when_a_human_says_so() -> None:
    story = given(*UNKNOWN).owes().ordered(ReportOutcome(approval=OUTCOME, by="ada", outcome="send-again"))
    story.then_only(CallRetryScheduled).owes("call-1-1-a2")


def test_a_call_that_a_human_gave_up_is_dead_lettered() -> None:
    story = given(*UNKNOWN).ordered(ReportOutcome(approval=OUTCOME, by="ada", outcome="give-up"))
    story.then_only(CallDeadLettered, StepFailed, SessionFailed)


def test_an_answer_that_comes_before_the_human_overtakes_the_question() -> None:
    story = given(*UNKNOWN).when(succeeded()).then().owes("inspect-call-1-1")
    story.refuses(ReportOutcome(approval=OUTCOME, by="ada", outcome="happened"), NotFound, "overtaken")


def test_a_report_about_a_call_in_flight_leads_to_nothing() -> None:
    report = OutcomeReported(approval="x", call="call-1-1", outcome="send-again", by="ada")
    given(*IN_FLIGHT).when(report).then()


def test_a_model_reply_after_the_cancel_is_still_paid_for() -> None:
    story = given(goal(), plan(())).ordered(CancelSession()).when(chooses(tokens=7))
    story.then(BudgetSpent(model_calls=1, tokens=7)).owes()
    assert story.session.spent.tokens == 7


@pytest.mark.parametrize(
    "command",
    [CancelSession(), PauseSession(), ResumeSession(), GrantApproval(approval=APPROVAL, by="ada")],
)
def test_an_ended_session_takes_no_more_commands(command: CancelSession) -> None:
    given(*ASKING).ordered(CancelSession()).refuses(command, NotPossible, "this one is cancelled")


def test_an_ended_session_asks_nobody_anything() -> None:
    assert open_approvals(given(*ASKING).session)
    assert not open_approvals(given(*ASKING).ordered(CancelSession()).session)


def test_a_paused_session_sends_nothing() -> None:
    given(*REQUESTED).ordered(PauseSession()).then().owes()
    given(goal()).ordered(PauseSession()).then().owes()


def test_a_paused_session_still_watches_leases_and_expiries() -> None:
    given(*IN_FLIGHT).ordered(PauseSession()).owes("lapse-call-1-1-a1")
    given(*ASKING).ordered(PauseSession()).owes(f"expire-{APPROVAL}")


def test_a_paused_session_records_what_was_in_flight() -> None:
    given(*REPEATABLE).ordered(PauseSession()).when(succeeded()).owes()
    story = given(goal(), plan(())).ordered(PauseSession()).when(chooses()).then_only(BudgetSpent, ToolChosen)
    story.owes().ordered(ResumeSession()).owes("check-call-1-1")


def test_a_resumed_session_goes_on_where_it_was() -> None:
    given(*REQUESTED).ordered(PauseSession()).ordered(ResumeSession()).then().owes("call-1-1-a1")


def test_a_session_is_paused_and_resumed_alternately() -> None:
    given(goal()).refuses(ResumeSession(), NotPossible, "not paused")
    given(goal()).ordered(PauseSession()).refuses(PauseSession(), NotPossible, "paused already")


def test_a_paused_session_may_be_cancelled() -> None:
    given(*IN_FLIGHT).ordered(PauseSession()).ordered(CancelSession()).then_only(SessionCancelled).owes(
        "lapse-call-1-1-a1"
    )


def test_nothing_can_be_asked_of_a_session_that_does_not_exist() -> None:
    Story().refuses(CancelSession(), NotFound, "nothing is recorded")


def test_a_session_is_started_once() -> None:
    assert Story().ordered(SUBMIT).owes("plan-m1").session.id == SESSION
    given(goal()).refuses(SUBMIT, NotPossible, "exists already")


@pytest.mark.parametrize(
    "limits",
    [Limits(parallel_steps=0), Limits(approval_ttl_ms=10**15), Limits(tokens=-1), Limits(call_attempts=0)],
)
def test_limits_out_of_bounds_are_refused(limits: Limits) -> None:
    command = SubmitGoal(
        session=SESSION, goal="g", user="a", model="m", agents=TEAM, catalog="c", policy_set="p", limits=limits
    )
    Story().refuses(command, Invalid, "limits within their bounds")


def test_a_grant_with_the_digest_that_was_seen_names_it() -> None:
    story = given(*ASKING).ordered(GrantApproval(approval=APPROVAL, by="ada", request_digest=request_digest()))
    story.then_only(CallRequested)


def test_one_cancel_ends_steps_that_run_side_by_side() -> None:
    story = given(goal(), plan((), ()), chooses(step=1), fits(step=1), verdict(step=1), attempted(step=1))
    story = story.when(chooses(step=2)).when(fits(step=2)).when(verdict(step=2)).when(attempted(step=2))
    cancelled = story.ordered(CancelSession())
    assert cancelled.last.in_flight == ("call-1-1", "call-2-1")
    cancelled.owes("lapse-call-1-1-a1", "lapse-call-2-1-a1")


def test_a_whole_story_ends_with_an_answer() -> None:
    story = given(*ASKING, granted(), attempted(), succeeded(), looked(), reviewed("accept"), answers("all is well"))
    assert story.session.stage == Ended(status="completed", text="all is well")
    assert story.owes().session.spent == BudgetSpent(model_calls=4, tool_calls=1)
