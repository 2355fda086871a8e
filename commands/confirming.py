"""Judge what a human allowed, or ordered, once more right before each attempt: as it is now, by the rules in force now.

What was allowed may have waited: for a pause, a breaker, a worker. Everything that its approval is bound to is found
out again and recorded as one more verdict, by which the session decides whether the approval still counts.
"""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from commands.judging import last_seen, verdict
from commands.ports import ToolCall
from commands.shell import Shell
from domain.session.effects import JudgeCall, SendCall
from domain.session.events import VerdictReached
from domain.session.state import Session


async def second_verdict(shell: Shell, state: Session, effect: SendCall, call: ToolCall) -> VerdictReached:
    """Build a request again that a human allowed or ordered, and judge it by the set in force; raises Unavailable."""
    checked = await shell.tools.check(call)
    if checked.problems:
        return _no_request(shell, state, effect, checked.problems)
    now = shell.clock.now()
    asked = second_question(effect, checked.request_digest, now)
    catalog = await shell.snapshot(state.tenant, state.catalog)
    if catalog.agent(effect.agent) is None:
        return _no_request(shell, state, effect, (f"the agent {effect.agent}, which chose it, is gone",))
    # A call that was given up belongs to no step any more: what is known of where it came from stands in the log.
    seen = await last_seen(shell, UUID(state.id), effect.choice.call) if effect.ordered else None
    second = await verdict(shell, state, catalog, asked, in_force=True, seen=seen)
    return replace(second, judged_at=now, withdrawn=await _withdrawn(shell, state, effect, now))


def second_question(effect: SendCall, request_digest: str, at: datetime) -> JudgeCall:
    """Return what the judge is asked of an approved call right before it is first sent."""
    request = replace(effect.request, digest=request_digest)
    return JudgeCall(id=effect.id, agent=effect.agent, choice=effect.choice, request=request, not_before=at)


async def _withdrawn(shell: Shell, state: Session, effect: SendCall, now: datetime) -> str:
    """Say why the standing approval that allowed a call counts no longer, "" where it does or there was none."""
    if not effect.standing:
        return ""
    standing = (await shell.catalogs.standings(state.tenant)).get(effect.standing)
    return standing.over(now) if standing else "it is not known any more"


def _no_request(shell: Shell, state: Session, effect: SendCall, problems: tuple[str, ...]) -> VerdictReached:
    return VerdictReached(
        call=effect.choice.call,
        request_digest="",
        decision="deny",
        rules=("no-request",),
        policy_set=state.policy_set,
        reason=f"What was allowed cannot be sent any more: {'; '.join(problems)}",
        environment=shell.environment,
        judged_at=shell.clock.now(),
    )
