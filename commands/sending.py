"""Send calls: hold them back, judge again what was allowed, claim an attempt, send it once, and say what became of it.

The attempt is claimed with a lease, durably, before the socket is written; a claim is made only while the call is owed.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from commands.claiming import owed
from commands.confirming import second_verdict
from commands.costs import call_cost
from commands.handle import Draft, keep, observe, observe_with
from commands.ports import ToolAnswer, ToolCall, ToolFault, Turn
from commands.shell import Shell
from commands.spending import join
from commands.tool_standing import standing_of, stopped, turn_of_page, wait_turn
from domain.breaker import on_call, on_failure, on_success, refused_until
from domain.budget.amounts import Amounts
from domain.catalog.events import Binding
from domain.catalog.outputs import output_label
from domain.envelope import Context
from domain.errors import NotPossible
from domain.labels import GOAL, UNKNOWN, Label, from_source
from domain.session.effects import SendCall
from domain.session.events import (
    CallAttempted,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallSucceeded,
    CredentialUse,
    SessionFact,
)
from domain.session.means import payable
from domain.session.outstanding import holds
from domain.session.provenance import provenance
from domain.session.state import Session


async def send_call(shell: Shell, session: UUID, state: Session, effect: SendCall) -> None:
    """Claim the next attempt of a call and send it, or record why that may not be now."""
    if await join(shell, session, state):
        return
    ready = await _ready(shell, state, effect)
    tool, counts = effect.choice.tool, await standing_of(shell, state, effect.choice)
    held_back = _hold_back(shell, effect, shell.clock.now()) or await wait_turn(shell, state, effect, counts)
    now = shell.clock.now()
    held_back = held_back or _hold_back(shell, effect, now)
    if held_back:
        await observe(shell, session, lambda other: _still(other, effect, held_back, shell.clock.now()))
        return
    # Reserved before anything is awaited, so that a half-open breaker lets one probe through.
    shell.set_breaker(tool, on_call(shell.breaker(tool), now, shell.breaker_settings))
    lease_until = await _claim(shell, session, effect, ready)
    if lease_until is None:
        return
    turn = partial(turn_of_page, shell, state, effect, counts)
    fact = stopped(shell, effect, counts) or await _attempt(shell, state, effect, ready, lease_until, turn)
    await observe(shell, session, lambda _: fact)


def _still(
    state: Session | None, effect: SendCall, held_back: CallDeferred | CallExpired, at: datetime
) -> CallDeferred | CallExpired | None:
    """Return why a call is not sent now, while that holds: a pause may have put its deadline off since."""
    due = owed(state, effect, at)
    return None if due is None or (isinstance(held_back, CallExpired) and at <= due.deadline) else held_back


class _Ready(NamedTuple):
    """Be a call in the catalogue that its session pinned, and what it will carry; no call where that lacks the tool.

    Nor is there a call, but a ``problem``, where a value that it is to carry cannot be put back.
    """

    call: ToolCall | None = None
    credentials: tuple[Binding, ...] = ()
    problem: str = ""


async def _ready(shell: Shell, state: Session, effect: SendCall) -> _Ready:
    catalog = await shell.snapshot(state.tenant, state.catalog)
    tool = catalog.tool(effect.choice.tool)
    document = catalog.document(tool.api) if tool else None
    if tool is None or document is None:
        return _Ready()
    try:
        arguments, key = await shell.redactor.put_back(state, effect.choice.arguments.value)
    except NotPossible as fault:
        return _Ready(problem=str(fault))
    call = ToolCall(tenant=state.tenant, tool=tool, document=document, arguments=arguments, digest_key=key)
    return _Ready(call, await shell.tools.credentials(call))


def _hold_back(shell: Shell, effect: SendCall, now: datetime) -> CallDeferred | CallExpired | None:
    """Return why a call must not be sent now: its deadline has passed, or the tool's breaker is open."""
    if now > effect.deadline:
        return CallExpired(call=effect.choice.call, attempt=effect.attempt)
    wait_until = refused_until(shell.breaker(effect.choice.tool), now)
    if wait_until is None:
        return None
    return CallDeferred(
        call=effect.choice.call, reason=f"the breaker of {effect.choice.tool} is open", until=wait_until
    )


async def _claim(shell: Shell, session: UUID, effect: SendCall, ready: _Ready) -> datetime | None:
    """Claim an attempt durably; None where another worker was first or the call is no longer owed.

    What a human allowed is judged again in that append, and may not be any more.
    """
    claims: list[CallAttempted] = []

    async def draft(now: Session | None, context: Context) -> Draft | None:
        due = owed(now, effect, context.at)
        if now is None or due is None:
            return None
        claimed = await _claim_of(shell, now, due, ready, context.at)
        claims.append(claimed)
        if ready.call is None or not (due.approved or due.ordered):
            return Draft(fact=payable(now, claimed))
        second = await second_verdict(shell, now, due, ready.call)
        return Draft(
            fact=second, follow=lambda then: payable(then, claimed) if then and owed(then, due, context.at) else None
        )

    recorded = await observe_with(shell, session, draft)
    # Where the log did not answer for a while, it may hold an earlier one than the last.
    return next((claim.lease_until for claim in claims if recorded and holds(recorded.state, claim)), None)


async def _claim_of(shell: Shell, state: Session, effect: SendCall, ready: _Ready, at: datetime) -> CallAttempted:
    """Return the claim of an attempt, by the prices that its session is charged by now."""
    lease = timedelta(milliseconds=state.limits_of(effect.agent).attempt_timeout_ms + shell.lease_margin_ms)
    cost = await call_cost(shell, state, effect.choice)
    return CallAttempted(
        call=effect.choice.call,
        attempt=effect.attempt,
        worker=shell.worker,
        lease_until=at + lease,
        credentials=tuple(CredentialUse(scheme=each.scheme, reference=each.reference) for each in ready.credentials),
        reserved=Amounts(tool_calls=1, money=cost) if state.meter else None,
        cost=cost,
    )


async def _attempt(
    shell: Shell, state: Session, effect: SendCall, ready: _Ready, lease_until: datetime, turn: Turn
) -> SessionFact:
    """Send a claimed attempt once and say what became of it."""
    tool = effect.choice.tool
    try:
        answer = await _send(shell, state, effect, ready, lease_until, turn)
    except ToolFault as fault:
        _note_failure(shell, tool, fault)
        return CallFailed(
            call=effect.choice.call,
            attempt=effect.attempt,
            failure=fault.failure,
            reason=str(fault),
            status=fault.status,
            latency_ms=fault.latency_ms,
            jitter_permille=shell.chance.permille(),
            retry_after_ms=fault.retry_after_ms,
        )
    shell.set_breaker(tool, on_success(shell.breaker(tool)))
    return CallSucceeded(
        call=effect.choice.call,
        attempt=effect.attempt,
        status=answer.status,
        output=await keep(shell, state.tenant, answer.body),
        source=f"tool:{tool}",
        latency_ms=answer.latency_ms,
        mismatches=answer.mismatches,
        paging=answer.paging,
        label=_label(state, effect, ready.call),
    )


def _label(state: Session, effect: SendCall, call: ToolCall | None) -> Label:
    """Label an answer: as its tool's are, and no more trusted than what the tool was asked with.

    Where that is the goal's words alone, and they lead nowhere outside, the goal is named: it chose what was found.
    """
    if call is None:
        return UNKNOWN
    asked = provenance(state, effect.choice, call.tool, reads=effect.request.effect_class == "read")
    own = output_label(call.tool)
    found = from_source(own, "goal") if asked.label == GOAL and not asked.sends else own
    return replace(found, trusted=own.trusted and asked.label.trusted, private=own.private or asked.label.private)


def _note_failure(shell: Shell, tool: str, fault: ToolFault) -> None:
    """Tell the tool's breaker; a tool that says no is alive, and a stopped worker is not the tool's fault."""
    breaker = shell.breaker(tool)
    if isinstance(fault, LeaseTooShort):
        return
    if fault.failure == "rejected":
        shell.set_breaker(tool, on_success(breaker))
    else:
        shell.set_breaker(tool, on_failure(breaker, shell.clock.now(), shell.breaker_settings))


class LeaseTooShort(ToolFault):
    """Report that this process was stopped since it claimed: others may hold the attempt for lost by now."""

    def __init__(self) -> None:
        super().__init__("not-sent", "the lease was too short to send under it")


async def _send(
    shell: Shell, state: Session, effect: SendCall, ready: _Ready, lease_until: datetime, turn: Turn
) -> ToolAnswer:
    if ready.problem:
        raise ToolFault("rejected", f"Nothing was sent: {ready.problem}")
    if ready.call is None:
        raise ToolFault("not-sent", f"the pinned catalogue has no tool {effect.choice.tool}")
    if state.dry_run and effect.request.effect_class != "read":
        raise ToolFault("rejected", "a dry run sends nothing that writes")  # no decision leads here
    timeout_ms = state.limits_of(effect.agent).attempt_timeout_ms
    now, not_after = shell.clock.now(), lease_until - timedelta(milliseconds=timeout_ms)
    if now > not_after:
        raise LeaseTooShort
    return await shell.tools.send(
        ready.call,
        request_digest=effect.request.digest,
        idempotency_key=effect.idempotency_key,
        timeout_ms=timeout_ms,
        not_after=not_after,
        credentials=ready.credentials,
        turn=turn,
    )
