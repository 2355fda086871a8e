"""Know what counts for a tool now, whatever a session pinned: whether it was stopped, and how often it may be called.

Like a breaker this is shared state, not the session's own: the session records what was answered, and a replay does not
ask again.
"""

import msgspec

from commands.shell import Shell
from domain.catalog.events import Override, Tool
from domain.session.events import CallDeferred, CallFailed
from domain.session.outstanding import SendCall
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


async def standing(shell: Shell, tenant: str, tool: Tool) -> Standing:
    """Return what counts for a pinned tool as its API stands in the catalogue now; raises Unavailable."""
    document = (await shell.catalogs.current(tenant)).documents.get(tool.api)
    if document is None:
        return Standing()
    said = document.overrides.get(tool.operation, Override())
    limits = {tool.api: document.rate_limit, f"{tool.api} {tool.operation}": said.rate_limit or 0}
    return Standing(
        stopped=DISABLED if said.enabled is False else "",
        limits={key: min(limit, MOST_CALLS) for key, limit in limits.items() if limit},
    )


async def standing_of(shell: Shell, state: Session, choice: Choice) -> Standing:
    """Return what counts for the tool of a session's choice."""
    pinned = (await shell.snapshot(state.tenant, state.catalog)).tool(choice.tool)
    return await standing(shell, state.tenant, pinned) if pinned else Standing()


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
