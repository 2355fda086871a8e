"""How long is waited: backoff and the breaker."""

from datetime import timedelta

from hypothesis import given as examples
from hypothesis import strategies as st

from domain.breaker import CLOSED, Breaker, BreakerSettings, on_call, on_failure, on_success, refused_until
from domain.retry import backoff
from tests.domain.story import NOW

SETTINGS = BreakerSettings(failures=2, open_ms=1_000)
SECOND = timedelta(seconds=1)
OPEN = on_failure(on_failure(CLOSED, NOW, SETTINGS), NOW, SETTINGS)


@examples(st.integers(1, 10**6), st.integers(0, 1000), st.integers(0, 10**7))
def test_a_wait_is_never_longer_than_the_cap(attempt: int, jitter: int, wish: int) -> None:
    wait = backoff(attempt, base_ms=200, cap_ms=30_000, jitter_permille=jitter, at_least_ms=wish)
    assert timedelta(0) <= wait <= timedelta(seconds=30)
    assert wait >= timedelta(milliseconds=min(wish, 30_000))


def test_half_of_a_wait_is_fixed_and_half_is_jitter() -> None:
    assert backoff(3, base_ms=200, cap_ms=30_000, jitter_permille=0) == timedelta(milliseconds=400)
    assert backoff(3, base_ms=200, cap_ms=30_000, jitter_permille=500) == timedelta(milliseconds=600)
    assert backoff(3, base_ms=200, cap_ms=30_000, jitter_permille=1000) == timedelta(milliseconds=800)


def test_a_breaker_opens_after_enough_failures_in_a_row() -> None:
    once = on_failure(CLOSED, NOW, SETTINGS)
    assert refused_until(once, NOW) is None
    assert refused_until(OPEN, NOW) == NOW + SECOND


def test_a_success_in_between_counts_from_zero() -> None:
    assert on_failure(on_success(on_failure(CLOSED, NOW, SETTINGS)), NOW, SETTINGS) == Breaker(failures=1)
    assert on_success(CLOSED) is CLOSED


def test_a_breaker_that_was_open_long_enough_lets_one_probe_through() -> None:
    later = NOW + SECOND
    assert refused_until(OPEN, later) is None
    probing = on_call(OPEN, later, SETTINGS)
    assert refused_until(probing, later) == later + SECOND
    assert refused_until(probing, later + SECOND) is None


def test_a_failed_probe_opens_the_breaker_again() -> None:
    later = NOW + SECOND
    assert refused_until(on_failure(on_call(OPEN, later, SETTINGS), later, SETTINGS), later) == later + SECOND


def test_a_good_probe_closes_the_breaker() -> None:
    assert on_success(on_call(OPEN, NOW + SECOND, SETTINGS)) == CLOSED


def test_a_closed_breaker_notes_no_calls() -> None:
    assert on_call(CLOSED, NOW, SETTINGS) is CLOSED
