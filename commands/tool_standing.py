"""Know what counts for a tool now, whatever a session pinned: whether it was stopped, and how often it may be called.

Like a breaker this is shared state, not the session's own: the session records what was answered, and a replay does not
ask again.
"""

from datetime import timedelta

import msgspec

from commands.shell import Shell
from domain.catalog.events import Override, Tool
from domain.catalog.state import Catalog
from domain.errors import Unavailable
from domain.session.effects import SendCall
from domain.session.events import CallDeferred, CallFailed
from domain.session.state import Choice, Session

DISABLED = "an operator disabled it"
MOST_CALLS = 1_000_000
"""More calls a minute than that are no limit."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Say why a tool is not to be called, "" where it may be, and its limits in calls a minute, by what is counted."""

    stopped: str = ""
    limits: dict[str, int] = {}

    @property
    def words(self) -> str:
        """Say the limits."""
        return " and ".join(f"{limit} times a minute ({key})" for key, limit in self.limits.items())


def standing(catalog: Catalog, tool: Tool) -> Standing:
    """Return what counts for a pinned tool as its API stands in the catalogue."""
    document = catalog.documents.get(tool.api)
    if document is None:
        return Standing()
    said = document.overrides.get(tool.operation, Override())
    limits = {tool.api: document.rate_limit, f"{tool.api} {tool.operation}": said.rate_limit or 0}
    return Standing(
        stopped=DISABLED if said.enabled is False else _quarantined(catalog, tool),
        limits={key: min(limit, MOST_CALLS) for key, limit in limits.items() if limit},
    )


def _quarantined(catalog: Catalog, tool: Tool) -> str:
    """Say who refused the revision that a tool was pinned with, "" where nobody did."""
    revision = catalog.revisions.get(tool.api, {}).get(tool.document)
    if revision is None or revision.status != "quarantined":
        return ""
    return f"its revision {revision.document[:12]} was quarantined by {revision.by}: {revision.reason}"


async def standing_of(shell: Shell, state: Session, choice: Choice) -> Standing:
    """Return what counts for the tool of a session's choice by now; raises Unavailable."""
    pinned = (await shell.snapshot(state.tenant, state.catalog)).tool(choice.tool)
    return standing(await shell.catalogs.current(state.tenant), pinned) if pinned else Standing()


async def wait_turn(shell: Shell, state: Session, effect: SendCall, counts: Standing) -> CallDeferred | None:
    """Return until when a call waits for its turn under its limits; one that is stopped takes nobody's."""
    if counts.stopped or not counts.limits:
        return None
    holder, now = f"{state.id}/{effect.id}", shell.clock.now()
    wait = await shell.rates.wait(state.tenant, holder, counts.limits, effect.deadline - now)
    if not wait:
        return None
    reason = f"{effect.choice.tool} may be called {counts.words}"
    return CallDeferred(call=effect.choice.call, reason=reason, until=now + wait)


async def turn_of_page(shell: Shell, state: Session, effect: SendCall, counts: Standing, read: int) -> bool:
    """Take a turn of its own for one page more of an answer, and tell whether there is one at this moment."""
    if not counts.limits:
        return True
    holder = f"{state.id}/{effect.id}/{read}"
    try:
        return not await shell.rates.wait(state.tenant, holder, counts.limits, timedelta(0))
    except Unavailable:
        return False  # what was read is not to be lost for it


def stopped(shell: Shell, effect: SendCall, counts: Standing) -> CallFailed | None:
    """Return the failure of a claimed attempt whose tool was stopped, as which nothing is sent."""
    if not counts.stopped:
        return None
    return CallFailed(
        call=effect.choice.call,
        attempt=effect.attempt,
        failure="rejected",
        reason=f"nothing was sent: {counts.stopped}",
        jitter_permille=shell.chance.permille(),
    )
