"""Perform what sessions owe: ask models, send calls, record lapsed leases and expired approvals.

A worker drives a session until nothing is due. It may die at any point: whoever asks ``outstanding`` next goes on.
Before a call is sent its attempt is claimed with a lease, durably; a claim is made only while the call is owed.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never
from uuid import UUID

from commands.current import about
from commands.handle import keep, observe
from commands.immediate import model_claim, perform_immediate
from commands.ports import ModelFault, Question, ToolAnswer, ToolCall, ToolFault
from commands.shell import Loaded, Shell
from commands.standing import standing_of, stopped, wait_turn
from domain.breaker import on_call, on_failure, on_success, refused_until
from domain.catalog.events import Binding
from domain.content import REPLY_BYTES
from domain.session.events import (
    ApprovalExpired,
    CallAttempted,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallSucceeded,
    CredentialUse,
    LeaseLapsed,
    ModelFailed,
    ModelReplied,
    SessionFact,
)
from domain.session.outstanding import (
    AskModel,
    CheckArguments,
    CheckResult,
    Effect,
    ExpireApproval,
    FindTools,
    JudgeCall,
    LapseLease,
    SendCall,
    claimed_by,
    outstanding,
)
from domain.session.prompt import prompt
from domain.session.state import Session

PATIENCE = timedelta(seconds=5)
"""How long a worker keeps a session in hand for something that is due later; then the timer table wakes it."""

logger = logging.getLogger(__name__)


async def drive(shell: Shell, session: UUID) -> Loaded:
    """Perform everything that a session owes until nothing more is due soon; return it as it stands then."""
    running: dict[str, asyncio.Task[None]] = {}
    with about(session), shell.driving(session) as nudged:
        nudge = Nudge(nudged)
        try:
            return await _drive(shell, session, running, nudge)
        except asyncio.CancelledError:
            # What was sent is sent: give its answer a moment to be recorded before this worker ends.
            await _finish(running.values(), shell.drain_seconds)
            raise
        except Exception:
            await _finish(running.values(), None)
            raise
        finally:
            nudge.end()


class Nudge:
    """Wait for word that others wrote to the session, across many rounds of waiting."""

    def __init__(self, nudged: asyncio.Event):
        self._nudged = nudged
        self.waiting = asyncio.ensure_future(nudged.wait())

    @property
    def came(self) -> bool:
        """Tell whether word came since it was last taken."""
        return self._nudged.is_set()

    def take(self) -> None:
        """Wait for the next."""
        self._nudged.clear()
        self.end()
        self.waiting = asyncio.ensure_future(self._nudged.wait())

    def end(self) -> None:
        """Wait no more."""
        self.waiting.cancel()


async def _drive(shell: Shell, session: UUID, running: dict[str, asyncio.Task[None]], nudge: Nudge) -> Loaded:
    loaded = await shell.load(session)
    while True:
        now = shell.clock.now()
        owed = {effect.id: effect for effect in (*outstanding(loaded.state), *claimed_by(loaded.state, shell.worker))}
        for effect_id, effect in owed.items():
            if effect.not_before <= now and effect_id not in running:
                running[effect_id] = asyncio.create_task(_perform(shell, session, loaded, effect))
        wait = _until_next(shell, owed.values(), running)
        if not running and wait is None and not nudge.came:
            return loaded
        await _some_progress(running, wait, nudge)
        fresh = nudge.came
        if fresh:
            nudge.take()
        loaded = await shell.load(session, fresh=fresh)


def _until_next(shell: Shell, owed: Iterable[Effect], running: dict[str, asyncio.Task[None]]) -> float | None:
    """Return the seconds until the next effect is due, or None where that is too long to wait for."""
    now = shell.clock.now()
    waits = [effect.not_before - now for effect in owed if effect.id not in running]
    near = [wait for wait in waits if wait <= PATIENCE]
    return max(0.0, min(near).total_seconds()) if near else None


async def _some_progress(running: dict[str, asyncio.Task[None]], wait: float | None, nudge: Nudge) -> None:
    """Wait until something was performed, something falls due, or somebody else wrote to the session."""
    waiting = [nudge.waiting, *running.values()]
    done, _ = await asyncio.wait(waiting, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
    for effect_id in [key for key, task in running.items() if task in done]:
        running.pop(effect_id).result()


async def _finish(tasks: Iterable[asyncio.Task[None]], timeout: float | None) -> None:
    """Wait for what is under way, at most so long, then cancel it."""
    tasks = list(tasks)
    if tasks:
        await asyncio.wait(tasks, timeout=timeout)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _perform(shell: Shell, session: UUID, loaded: Loaded, effect: Effect) -> None:
    state = loaded.state
    assert state is not None, "a session that does not exist owes nothing"
    match effect:
        case AskModel():
            with about(session, effect.id):
                await _ask_model(shell, session, state, effect)
        case SendCall():
            with about(session, effect.choice.call):
                await _send_call(shell, session, state, effect)
        case LapseLease():
            lapsed = LeaseLapsed(call=effect.call, attempt=effect.attempt, jitter_permille=shell.chance.permille())
            await observe(shell, session, lambda now: lapsed if _owes(now, effect) else None)
        case ExpireApproval():
            expired = ApprovalExpired(approval=effect.approval)
            await observe(shell, session, lambda now: expired if _owes(now, effect) else None)
        case FindTools() | CheckArguments() | JudgeCall() | CheckResult():
            # Owed alone only after a pause: elsewhere they travel with the fact that made them due.
            fact = await perform_immediate(shell, state, effect)
            await observe(shell, session, lambda now: fact if _owes(now, effect) else None)
        case _:
            assert_never(effect)


def _owes(state: Session | None, effect: Effect) -> bool:
    return any(other.id == effect.id for other in outstanding(state))


async def _ask_model(shell: Shell, session: UUID, state: Session, effect: AskModel) -> None:
    if effect.model.lease_until is None:
        claim = model_claim(shell, state, effect)
        if await observe(shell, session, lambda now: claim if _owes(now, effect) else None) is None:
            return
    catalog = await shell.snapshot(state.tenant, state.catalog)
    asked = prompt(state, effect.model, catalog)
    question = Question(model=state.model, prompt=asked, timeout_ms=state.limits.model_timeout_ms)
    fact: SessionFact
    try:
        reply = await shell.models.ask(question)
    except ModelFault as fault:
        fact = ModelFailed(
            call=effect.model.id,
            attempt=effect.model.attempt,
            reason=str(fault),
            retryable=fault.retryable,
            jitter_permille=shell.chance.permille(),
            retry_after_ms=fault.retry_after_ms,
        )
    else:
        fact = ModelReplied(
            call=effect.model.id,
            attempt=effect.model.attempt,
            reply=await keep(shell, state.tenant, reply.text.replace("\x00", "\ufffd").encode(), REPLY_BYTES),
            prompt_digest=asked.digest(),
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            latency_ms=reply.latency_ms,
        )
    await observe(shell, session, lambda _: fact)


async def _send_call(shell: Shell, session: UUID, state: Session, effect: SendCall) -> None:
    ready = await _ready(shell, state, effect)
    tool, counts = effect.choice.tool, await standing_of(shell, state, effect.choice)
    held_back = _hold_back(shell, effect, shell.clock.now()) or await wait_turn(shell, state, effect, counts)
    now = shell.clock.now()
    held_back = held_back or _hold_back(shell, effect, now)
    if held_back:
        await observe(shell, session, lambda other: held_back if _owes(other, effect) else None)
        return
    # Reserved before anything is awaited, so that a half-open breaker lets one probe through.
    shell.set_breaker(tool, on_call(shell.breaker(tool), now, shell.breaker_settings))
    lease_until = await _claim(shell, session, state, effect, ready)
    if lease_until is None:
        return
    fact = stopped(shell, effect, counts) or await _attempt(shell, state, effect, ready, lease_until)
    await observe(shell, session, lambda _: fact)


class _Ready(NamedTuple):
    """Be a call in the catalogue that its session pinned, and what it will carry; no call where that lacks the tool."""

    call: ToolCall | None = None
    credentials: tuple[Binding, ...] = ()


async def _ready(shell: Shell, state: Session, effect: SendCall) -> _Ready:
    catalog = await shell.snapshot(state.tenant, state.catalog)
    tool = catalog.tool(effect.choice.tool)
    document = catalog.document(tool.api) if tool else None
    if tool is None or document is None:
        return _Ready()
    call = ToolCall(tenant=state.tenant, tool=tool, document=document, arguments=effect.choice.arguments.value)
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


async def _claim(shell: Shell, session: UUID, state: Session, effect: SendCall, ready: _Ready) -> datetime | None:
    """Claim an attempt durably; None where another worker was first or the call is no longer owed."""
    lease = timedelta(milliseconds=state.limits.attempt_timeout_ms + shell.lease_margin_ms)
    lease_until = shell.clock.now() + lease
    claim = CallAttempted(
        call=effect.choice.call,
        attempt=effect.attempt,
        worker=shell.worker,
        lease_until=lease_until,
        credentials=tuple(CredentialUse(scheme=each.scheme, reference=each.reference) for each in ready.credentials),
    )
    claimed = await observe(shell, session, lambda now: claim if _owes(now, effect) else None)
    return lease_until if claimed else None


async def _attempt(shell: Shell, state: Session, effect: SendCall, ready: _Ready, lease_until: datetime) -> SessionFact:
    """Send a claimed attempt once and say what became of it."""
    tool = effect.choice.tool
    try:
        answer = await _send(shell, state, effect, ready, lease_until)
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
    )


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


async def _send(shell: Shell, state: Session, effect: SendCall, ready: _Ready, lease_until: datetime) -> ToolAnswer:
    if ready.call is None:
        raise ToolFault("not-sent", f"the pinned catalogue has no tool {effect.choice.tool}")
    now, not_after = shell.clock.now(), lease_until - timedelta(milliseconds=state.limits.attempt_timeout_ms)
    if now > not_after:
        raise LeaseTooShort
    return await shell.tools.send(
        ready.call,
        request_digest=effect.request.digest,
        idempotency_key=effect.idempotency_key,
        timeout_ms=state.limits.attempt_timeout_ms,
        not_after=not_after,
        credentials=ready.credentials,
    )
