"""Show a session's timeline as it grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

from commands.ports import Live, Said
from ops.bootstrap.core import Core
from ops.cli.output import plain, sentences
from ops.tasks import end
from queries.events import EventShown

POLL_SECONDS = 0.1
LAST = ("session.completed.v1", "session.failed.v1", "session.cancelled.v1")
ASKED = "session.approval-requested.v1"
QUIET = (
    "session.model-call-attempted.v1",
    "session.budget-spent.v1",
    "session.model-call-requested.v1",
    "session.result-checked.v1",
)
"""Bookkeeping that a reader of the timeline rarely wants; `--all` shows it."""


async def entries(core: Core, session: UUID, *, after: int = 0) -> AsyncIterator[EventShown]:
    """Yield a session's events behind a version, as the log has them, and then what comes, to its end.

    What came after its end by now is yielded too: late answers, dead letters that were sent again.
    """
    seen, over = after, False
    while True:
        found = await core.events(session, seen)
        for entry in found:
            seen, over = entry.version, over or entry.type in LAST
            yield entry
        if over and not found:
            return
        if not found:
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def telling(core: Core, session: UUID, tell: Callable[[Said], None]) -> AsyncIterator[None]:
    """Tell what models say while they say it, for the duration of the block; without NATS, nothing."""
    live = core.shell.live
    task = asyncio.create_task(_tell(live, session, tell)) if live else None
    try:
        yield
    finally:
        if task:
            await end([task])


async def _tell(live: Live, session: UUID, tell: Callable[[Said], None]) -> None:
    async with aclosing(live.follow(session)) as parts:
        async for said in parts:
            tell(said)


def said_line(said: Said) -> str:
    """Write what a model says, provisional, as one line."""
    return f"{'':>4}  {'':12}  {'':<7} ~ {said.call}: {plain(' '.join(said.text.split()))}"


def line(entry: EventShown) -> str:
    """Write an entry as one line."""
    mark = "●" if entry.kind == "fact" else "→"
    step = f"step {entry.step}" if entry.step else ""
    detail = plain(sentences(entry.detail))
    text = f"{entry.title}: {detail}" if detail else entry.title
    at = f"{entry.at:%H:%M:%S.%f}"[:-3] if entry.at else " " * 12
    return f"{entry.version:>4}  {at}  {step:<7} {mark} {text if len(text) <= 150 else text[:149] + '…'}"
