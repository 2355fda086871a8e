"""What becomes of calls that were given up: people read them, send them again word for word, or close them."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.errors import Invalid, NotFound, NotPossible
from domain.session.commands import CancelSession, DiscardDeadLetter, LetterCommand, ReplayDeadLetter, ReportOutcome
from domain.session.effects import SendCall
from domain.session.events import (
    BudgetSpent,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallRetryScheduled,
    DeadLetterResolved,
    Failure,
    Limits,
    SessionPaused,
    SessionResumed,
)
from domain.session.state import Ended, Executing, Open
from tests.domain.story import (
    CHOSEN,
    IN_FLIGHT,
    LEASE,
    NOW,
    SESSION,
    UNKNOWN,
    UNLIMITED,
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

LETTER = f"{SESSION}-call-1-1"
REPLAY = ReplayDeadLetter(letter=LETTER, by="ada", reason="the shop is back")
DISCARD = DiscardDeadLetter(letter=LETTER, by="ada", reason="ordered by hand")
LATER = NOW + timedelta(hours=3)
FAILED = Ended(status="failed", text="step 1: ada gave it up: ")


def given_up(limits: Limits = UNLIMITED, *, repeatable: bool = False) -> Story:
    """Let a call be sent once and then be given up."""
    if repeatable:
        facts = (goal(limits=limits), plan(()), chooses(), fits(repeatable=True), verdict(), attempted())
        return given(*facts, failed("bad-answer"))
    unknown = given(goal(limits=limits), plan(()), *UNKNOWN[2:])
    approval = f"{SESSION}-outcome-1-1-1"
    return unknown.ordered(ReportOutcome(approval=approval, by="ada", outcome="give-up"))


def replaying(limits: Limits = UNLIMITED, *, repeatable: bool = False) -> Story:
    """Let a human have it sent again, and a worker claim it."""
    return given_up(limits, repeatable=repeatable).ordered(REPLAY, at=LATER).when(attempted(2), at=LATER)


def test_a_call_that_was_given_up_is_kept_with_its_request_and_key() -> None:
    (letter,) = given_up().owes().session.letters
    assert (letter.id, letter.step, letter.attempts, letter.stage) == (LETTER, 1, 1, Open())
    assert (letter.request.digest, letter.idempotency_key) == (request_digest(), key_of())
    assert (letter.choice.tool, letter.reason) == ("create_order", "ada gave it up: ")


def test_a_call_that_never_fitted_leaves_no_letter() -> None:
    assert given(*CHOSEN, fits()).ordered(CancelSession()).session.letters == ()


def test_a_replay_owes_the_very_same_request_with_a_fresh_deadline_though_the_session_has_ended() -> None:
    before = given_up().session.letters[0]
    story = given_up().ordered(REPLAY, at=LATER)
    deadline = LATER + timedelta(minutes=2)
    story.then(
        CallRetryScheduled(
            call="call-1-1",
            attempt=2,
            not_before=LATER,
            reason="ada asked to send it again: the shop is back",
            deadline=deadline,
            letter=LETTER,
        )
    ).owes("call-1-1-a2")
    send = story.owed()
    assert isinstance(send, SendCall)
    assert (send.choice, send.request, send.idempotency_key) == (before.choice, before.request, before.idempotency_key)
    assert (send.deadline, story.session.stage) == (deadline, FAILED)


def test_a_replay_is_judged_before_each_attempt_and_given_up_where_the_rules_deny_it_by_now() -> None:
    story = given_up().ordered(REPLAY, at=LATER)
    send = story.owed()
    assert isinstance(send, SendCall) and send.ordered and send.agent == "executor"
    story.when(replace(verdict("ask"), policy_set="q" * 64), at=LATER).then().owes("call-1-1-a2")
    for denied in (verdict("deny"), verdict("allow", digest="another request")):
        after = story.when(denied, at=LATER).then_only(CallDeadLettered).owes()
        assert (after.session.letters[0].stage, after.session.letters[0].attempts) == (Open(), 1)


def test_a_replay_that_succeeds_resolves_the_letter_and_revives_nothing() -> None:
    story = replaying().when(succeeded(2), at=LATER)
    story.then(DeadLetterResolved(letter=LETTER, call="call-1-1")).owes()
    assert (story.session.stage, story.session.open, story.session.late_answers) == (FAILED, (), 0)
    story.refuses(REPLAY, NotPossible, "was closed")


def test_the_answer_to_an_earlier_attempt_resolves_the_letter_while_it_is_replayed() -> None:
    given_up().ordered(REPLAY).when(succeeded(1)).then_only(DeadLetterResolved).owes()


def test_the_answer_to_an_earlier_attempt_is_late_while_nobody_replays_it() -> None:
    story = given_up().when(succeeded(1)).then().owes()
    assert (story.session.late_answers, story.session.letters[0].stage) == (1, Open())


@pytest.mark.parametrize("failure", ["unanswered", "server-error"])
def test_a_replay_that_is_not_safe_to_repeat_is_given_up_again(failure: Failure) -> None:
    story = replaying().when(failed(failure, 2), at=LATER)
    story.then(CallDeadLettered(call="call-1-1", reason="create_order may have happened: trouble")).owes()
    assert (story.session.letters[0].stage, story.session.letters[0].attempts) == (Open(), 2)
    story.ordered(REPLAY, at=LATER).owes("call-1-1-a3")


@pytest.mark.parametrize(
    ("failure", "reason"), [("rejected", "create_order refused: trouble"), ("bad-answer", "trouble")]
)
def test_a_replay_that_the_tool_answers_badly_is_given_up_again(failure: Failure, reason: str) -> None:
    story = replaying(repeatable=True).when(failed(failure, 2), at=LATER)
    story.then(CallDeadLettered(call="call-1-1", reason=reason)).owes()


def test_a_replay_is_repeated_where_that_is_safe_and_only_so_many_times() -> None:
    story = replaying(Limits(call_attempts=2), repeatable=True).when(failed("server-error", 2), at=LATER)
    story.then(
        CallRetryScheduled(
            call="call-1-1",
            attempt=3,
            not_before=LATER + timedelta(milliseconds=100),
            reason="trouble",
            doubtful=True,
            letter=LETTER,
        )
    ).owes("call-1-1-a3")
    again = story.when(attempted(3), at=LATER).when(failed("not-sent", 3), at=LATER)
    reason = "failed 2 times, at last: trouble; an earlier attempt of this replay may have happened"
    again.then(CallDeadLettered(call="call-1-1", reason=reason)).owes()


def test_a_replay_whose_worker_vanished_is_given_up_again_when_its_lease_lapses() -> None:
    replaying().owes("lapse-call-1-1-a2").when(lapsed(2), at=LEASE).then_only(CallDeadLettered).owes()


def test_a_replay_whose_worker_vanished_is_repeated_where_that_is_safe() -> None:
    replaying(repeatable=True).when(lapsed(2), at=LATER).then_only(CallRetryScheduled).owes("call-1-1-a3")


def test_a_replay_that_cannot_be_sent_in_time_is_given_up_again_with_no_attempt_counted() -> None:
    ordered = given_up().ordered(REPLAY, at=LATER)
    for story in (
        ordered.when(CallExpired(call="call-1-1", attempt=2), at=LATER),
        ordered.when(CallDeferred(call="call-1-1", reason="breaker", until=LATER + timedelta(hours=1)), at=LATER),
    ):
        story.then_only(CallDeadLettered).owes()
        assert story.session.letters[0].attempts == 1


def test_a_replay_waits_where_a_breaker_asks_for_it() -> None:
    until = LATER + timedelta(seconds=15)
    story = given_up().ordered(REPLAY, at=LATER)
    deferred = story.when(CallDeferred(call="call-1-1", reason="breaker", until=until), at=LATER).then()
    assert deferred.owes("call-1-1-a2").owed().not_before == until


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    for story in (
        replaying().when(failed("rejected", 1)),
        replaying().when(lapsed(1)),
        given_up().when(failed("rejected")),
    ):
        story.then()
    replaying().when(failed("rejected", 1)).owes("lapse-call-1-1-a2")


def test_a_used_up_limit_does_not_stop_a_humans_order_but_its_repetition() -> None:
    story = given_up(Limits(tool_calls=1), repeatable=True).ordered(REPLAY, at=LATER).owes("call-1-1-a2")
    sent = story.when(attempted(2), at=LATER).then(BudgetSpent(tool_calls=1))
    assert sent.session.spent.tool_calls == 2
    reason = "trouble, and the limit of 1 tool calls is used up"
    sent.when(failed("not-sent", 2), at=LATER).then(CallDeadLettered(call="call-1-1", reason=reason)).owes()


def test_a_discarded_letter_is_closed_for_good() -> None:
    story = given_up().ordered(DISCARD).then().owes()
    story.refuses(REPLAY, NotPossible, "was closed")
    story.refuses(DISCARD, NotPossible, "was closed")


def test_a_letter_of_a_cancelled_session_is_replayed_too() -> None:
    story = given(*IN_FLIGHT).ordered(CancelSession()).when(lapsed(), at=LEASE).ordered(REPLAY, at=LATER)
    story.owes("call-1-1-a2").when(attempted(2)).when(succeeded(2)).then_only(DeadLetterResolved).owes()
    assert story.session.stage == Ended(status="cancelled", text="")


@pytest.mark.parametrize("command", [REPLAY, DISCARD])
def test_a_letter_that_is_being_sent_again_is_left_alone(command: LetterCommand) -> None:
    replaying().refuses(command, NotPossible, "is being sent again")


@pytest.mark.parametrize("command", [REPLAY, DISCARD])
def test_what_is_decided_about_a_letter_has_a_reason(command: LetterCommand) -> None:
    given_up().refuses(replace(command, reason="  "), Invalid, "Expected a reason")


@pytest.mark.parametrize("command", [REPLAY, DISCARD])
def test_an_unknown_letter_is_refused(command: LetterCommand) -> None:
    given_up().refuses(replace(command, letter="s-1-call-9-9"), NotFound, "s-1-call-9-9")
    given(*IN_FLIGHT).refuses(command, NotFound, LETTER)


def test_a_replay_in_a_paused_session_waits_until_it_is_resumed_and_gets_the_time_back() -> None:
    letter = given_up().ordered(REPLAY, at=NOW).session
    running = Story(replace(letter, stage=Executing()))
    paused = running.when(SessionPaused(), at=NOW).owes()
    send = paused.when(SessionResumed(), at=LATER).owes("call-1-1-a2").owed()
    assert isinstance(send, SendCall) and send.deadline == LATER + timedelta(minutes=2)
