"""Say what a task is about, so that every line it logs can be found by its session and its trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from domain.tracing import SESSION


class Current(NamedTuple):
    """Name a session, and what of it is being done, as its trace does."""

    session: UUID
    effect: str


CURRENT: ContextVar[Current | None] = ContextVar("current", default=None)


@contextmanager
def about(session: UUID, effect: str = SESSION) -> Iterator[None]:
    """Let everything in the block, and every task begun in it, be about a session."""
    token = CURRENT.set(Current(session, effect))
    try:
        yield
    finally:
        CURRENT.reset(token)
