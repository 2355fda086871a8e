"""What becomes of calls that are under way when their session ends."""

import pytest

from domain.session.commands import CancelSession
from domain.session.ending import MAY_HAVE_HAPPENED
from domain.session.events import CallDeadLettered, Failure, SessionCancelled
from domain.session.state import Ended
from tests.domain.story import IN_FLIGHT, LEASE, REPEATABLE, REQUESTED, UNKNOWN, failed, given, lapsed, succeeded

CANCELLED = given(*IN_FLIGHT).ordered(CancelSession(reason="enough"))


def test_a_cancelled_session_names_what_is_in_flight_and_still_owes_the_end_of_its_lease() -> None:
    CANCELLED.then(SessionCancelled(reason="enough", in_flight=("call-1-1",))).owes("lapse-call-1-1-a1")
    assert CANCELLED.session.stage == Ended(status="cancelled", text="enough")


def test_a_call_that_was_never_sent_is_forgotten_with_its_session() -> None:
    given(*REQUESTED).ordered(CancelSession()).then(SessionCancelled(reason="")).owes()


def test_an_answer_after_the_end_is_late_and_goes_to_people() -> None:
    story = CANCELLED.when(succeeded())
    story.then(CallDeadLettered(call="call-1-1", reason="it happened after the session had ended")).owes()
    assert story.session.late_answers == 1


def test_a_lost_answer_after_the_end_goes_to_people() -> None:
    CANCELLED.when(lapsed(), at=LEASE).then(CallDeadLettered(call="call-1-1", reason=MAY_HAVE_HAPPENED)).owes()


@pytest.mark.parametrize("failure", ["unanswered", "server-error", "rejected", "not-sent"])
def test_a_failure_after_the_end_goes_to_people_and_is_not_retried(failure: Failure) -> None:
    CANCELLED.when(failed(failure)).then_only(CallDeadLettered).owes()


def test_a_second_answer_after_the_end_leads_to_nothing() -> None:
    CANCELLED.when(succeeded()).when(succeeded()).then().owes()


def test_a_question_that_was_still_open_at_the_end_goes_to_people() -> None:
    story = given(*UNKNOWN).ordered(CancelSession())
    story.then(CallDeadLettered(call="call-1-1", reason=MAY_HAVE_HAPPENED), SessionCancelled(reason="")).owes()


def test_a_retry_that_was_still_owed_at_the_end_goes_to_people_for_its_first_attempt() -> None:
    story = given(*REPEATABLE, failed("unanswered")).ordered(CancelSession())
    story.then(CallDeadLettered(call="call-1-1", reason=MAY_HAVE_HAPPENED), SessionCancelled(reason="")).owes()
