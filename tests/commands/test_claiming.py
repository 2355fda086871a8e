"""What a worker saw to be owed is recorded only while it is owed and due by what the session is now."""

from datetime import timedelta

from commands.claiming import owed
from domain.session.commands import PauseSession, ResumeSession
from domain.session.effects import EndOverdue
from domain.session.events import LeaseLapsed, Limits, ModelCallAttempted
from domain.session.outstanding import outstanding
from tests.domain.story import LEASE, NOW, Story, given, goal

LATER = LEASE + timedelta(seconds=15)


def claims(story: Story, worker: str) -> Story:
    at = story.session.updated_at
    return story.when(ModelCallAttempted(call="plan", attempt=1, worker=worker, lease_until=at + (LEASE - NOW)), at)


def test_a_lease_that_another_worker_has_taken_anew_is_not_over() -> None:
    story = claims(given(goal()), "dead")
    seen = story.owed()
    assert owed(story.session, seen, LEASE) and not owed(story.session, seen, NOW)
    taken = claims(story.when(LeaseLapsed(call="plan", attempt=1), LEASE), "first")
    assert taken.owed().id == seen.id
    assert not owed(taken.session, seen, LEASE) and owed(taken.session, seen, LATER)


def test_a_session_whose_end_a_pause_put_off_is_not_overdue() -> None:
    story = given(goal(limits=Limits(wall_ms=1_000)))
    over = NOW + timedelta(seconds=1)
    (seen,) = [each for each in outstanding(story.session) if isinstance(each, EndOverdue)]
    assert owed(story.session, seen, over)
    resumed = story.ordered(PauseSession(), NOW).ordered(ResumeSession(), over)
    assert not owed(resumed.session, seen, over) and owed(resumed.session, seen, over + timedelta(seconds=1))
