"""Decide how long to wait before trying again."""

from datetime import timedelta


def backoff(attempt: int, *, base_ms: int, cap_ms: int, jitter_permille: int, at_least_ms: int = 0) -> timedelta:
    """Return the wait after failed attempt number ``attempt``, from 1.

    Grows as ``base * 2 ** (attempt - 1)`` up to the cap; half of it is fixed and the recorded jitter scales the other
    half. A server's own wish (``at_least_ms``) is honoured up to the cap.
    """
    full = min(cap_ms, base_ms * 2 ** min(attempt - 1, 30))
    jittered = full // 2 + full * jitter_permille // 2000
    return timedelta(milliseconds=max(jittered, min(at_least_ms, cap_ms)))
