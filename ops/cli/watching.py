"""Show a session's timeline as it grows."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from ops.bootstrap.core import Core
from queries.events import EventShown

POLL_SECONDS = 0.1
LAST = ("session.completed.v1", "session.failed.v1", "session.cancelled.v1")
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


def line(entry: EventShown) -> str:
    """Write an entry as one line."""
    mark = "●" if entry.kind == "fact" else "→"
    step = f"step {entry.step}" if entry.step else ""
    detail = " ".join(entry.detail.split())
    text = f"{entry.title}: {detail}" if detail else entry.title
    at = f"{entry.at:%H:%M:%S.%f}"[:-3] if entry.at else " " * 12
    return f"{entry.version:>4}  {at}  {step:<7} {mark} {text if len(text) <= 150 else text[:149] + '…'}"
